// Writes the page, which its script fills with frames.

import { readFileSync } from 'node:fs'
import { html, Markup } from '../report/markup.ts'
import { UNCERTAIN_BELOW } from '../report/number-text.ts'
import { browserScript, contentHash, reportStyle } from '../report/page-assets.ts'

export interface PageText {
  readonly html: string
  /** The Content-Security-Policy: the page may ask its own server only. */
  readonly policy: string
}

/** The script that runs in the browser. */
export const WATCH_SCRIPT = new URL('browser/main.ts', import.meta.url)

/** @param pipeline names the pipeline, such as `the local run`. */
export function watchPage(pipeline: string): PageText {
  const style = `${reportStyle()}\n${readFileSync(new URL('watch.css', import.meta.url), 'utf8')}`
  const script = browserScript(WATCH_SCRIPT)
  return {
    html: page(pipeline, style, script).text,
    policy: `default-src 'none'; style-src '${contentHash(style)}'; script-src '${contentHash(script)}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  }
}

function page(pipeline: string, style: string, script: string): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>Live: ${pipeline}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the figures</a>
<header>
<h1>Live search sessions</h1>
<div class="buttons"><button type="button" id="pause" aria-pressed="false">Pause</button> <button type="button" id="theme" hidden aria-pressed="false">Dark theme</button></div>
<p><span>${pipeline}</span> <span id="clock"></span> <span id="stage"></span></p>
</header>
<main id="content" tabindex="-1">
<noscript><p class="none">This page needs JavaScript.</p></noscript>
<p id="connection" class="card" hidden></p>
<section aria-labelledby="figures-title"><h2 id="figures-title">Now</h2>
<dl class="figures" id="figures"></dl>
<p class="note">Rates are those of the rows so far. A * marks an uncertain one, of fewer than ${UNCERTAIN_BELOW} searches.</p>
</section>
<div class="grid live">
${list('open', 'Open sessions', 'The session that closes first comes first.', ['Session', 'Events', 'Closes in'])}
${list('events', 'Events', 'Each event as ingest accepts it, the latest first.', ['Time', 'User', 'Event'])}
${list('closed', 'Closed sessions', 'The latest first. An event that comes late opens its session again.', ['Session', 'Events', 'Closed'])}
${list('rows', 'Rows', 'Each row as finalize writes it, the latest first.', ['Time', 'Row', 'Results', 'Clicks'])}
</div>
<dialog id="session" aria-labelledby="session-title"><button type="button" id="session-close">Close</button><div id="session-view"></div></dialog>
</main>
<footer><p>This page shows queries and user ids. Only this machine can read it. All times are UTC.</p></footer>
<p id="summary" class="visually-hidden" role="status"></p>
<script>${new Markup(script)}</script>
</body>
</html>
`
}

function list(id: string, title: string, text: string, [first, ...others]: readonly string[]): Markup {
  const isNumber = (column: string): boolean => column === 'Events' || column === 'Results' || column === 'Clicks'
  return html`
<section class="card">
<h2 id="${id}-title">${title}</h2>
<p class="formula" id="${id}-text">${text}</p>
<div class="scroll" role="region" tabindex="0" aria-labelledby="${id}-title">
<table id="${id}">
<thead><tr><th scope="col">${first}</th>${others.map((column) => html`<th scope="col"${isNumber(column) && html` class="number"`}>${column}</th>`)}</tr></thead>
<tbody></tbody>
</table>
</div>
<p class="none" id="${id}-none">Nothing yet.</p>
</section>`
}
