// The session explorer: a report's sessions in, the frame that the script fills and the data that it reads out.

import { html, type Markup, scriptJson } from './markup.ts'
import { countOf } from './number-text.ts'
import type { ReportData } from './report-data.ts'

export function explorerPanel({ explorer }: ReportData): Markup {
  const { sessions, leftOut, usersHidden } = explorer
  if (sessions.length === 0) return html`<p class="none">No session with a search is still stored.</p>`
  return html`
<p class="note">The ${countOf(sessions.length, 'most recent session', 'most recent sessions')} with a search whose events are still stored.${leftOut > 0 && ` ${leftOut} more have no room in this file.`}${usersHidden && ' Users are numbered instead of named.'} All times are UTC.</p>
<noscript><p class="none">The explorer needs JavaScript.</p></noscript>
<div class="explorer card" hidden id="explorer">
<div class="chooser">
<label for="session-filter">Find a session by user, query, item or time</label>
<input id="session-filter" type="search" autocomplete="off">
<p id="session-count" role="status"></p>
<div id="session-list" role="listbox" aria-label="Sessions, most recent first"></div>
</div>
<article id="session-view" aria-labelledby="session-title" tabindex="-1"></article>
</div>
<script type="application/json" id="session-data">${scriptJson(sessions)}</script>`
}
