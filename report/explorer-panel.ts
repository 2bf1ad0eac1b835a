// Writes the frame of the session explorer and the data from which the script fills it.

import { html, type Markup, scriptJson } from './markup.ts'
import { countOf } from './number-text.ts'
import type { ReportData } from './report-data.ts'

export function explorerPanel({ explorer, segment }: ReportData): Markup {
  const { sessions, leftOut, usersHidden } = explorer
  if (sessions.length === 0)
    return html`<p class="none">${segment === null ? 'The pipeline stores no session with a search in this range.' : 'The latest sessions in this range have no search of the segment.'}</p>`
  return html`
<p class="note">The ${countOf(sessions.length, 'most recent session', 'most recent sessions')} ${segment === null ? 'with a search' : 'that have a search of the segment, among the latest ones'} that the pipeline still stores.${leftOut > 0 && ` The file has no room for ${leftOut} more.`}${usersHidden && ' Numbers replace user ids.'} All times are UTC.</p>
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
