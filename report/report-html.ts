// Writes the page of a report, which loads nothing.

import { createHash } from 'node:crypto'
import { firstClickTimes, sessionLengths } from './duration-charts.ts'
import { explorerPanel } from './explorer-panel.ts'
import { searchesByHour, searchesByWeekday } from './habit-charts.ts'
import { type KeyFigure, keyFigures, sumDays } from './key-figures.ts'
import { html, Markup } from './markup.ts'
import { minuteText, NOTHING, UNCERTAIN_BELOW } from './number-text.ts'
import { clicksByPosition, ctrByPosition } from './position-charts.ts'
import { queryTables } from './query-tables.ts'
import type { ReportData } from './report-data.ts'
import { ctrChart, otherTimeCharts } from './time-charts.ts'
import { variantsSection } from './variant-charts.ts'

export interface Assets {
  readonly style: string
  readonly script: string
}

export function reportHtml(data: ReportData, { style, script }: Assets): string {
  const { pipeline, range, madeAtMs } = data
  const days = range.from === range.to ? range.from : `${range.from} to ${range.to}`
  const counts = sumDays(data.days)
  // The browser may load nothing, and may apply only the page's own script and style.
  const policy = `default-src 'none'; style-src '${hashOf(style)}'; script-src '${hashOf(script)}'; base-uri 'none'; form-action 'none'`
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>Search report: ${pipeline}, ${days}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the report</a>
<header>
<h1>Search report</h1>
<button type="button" id="theme" hidden aria-pressed="false">Dark theme</button>
<p><span>${pipeline}</span> <span>${days} (UTC)</span> <span>made ${minuteText(madeAtMs)} UTC</span></p>
</header>
<nav aria-label="Parts of the report"><ul>
<li><a href="#overview">Overview</a></li><li><a href="#time">Over time</a></li><li><a href="#clicks">Clicks</a></li>${data.variants !== undefined && html`<li><a href="#variants">Variants</a></li>`}<li><a href="#queries">Queries</a></li><li><a href="#sessions">Sessions</a></li>
</ul></nav>
<main id="content" tabindex="-1">
${overview(data)}
<section aria-labelledby="time"><h2 id="time">Over time</h2><div class="grid">
${ctrChart(data)}${otherTimeCharts(data)}${searchesByHour(data)}${searchesByWeekday(data)}
</div></section>
<section aria-labelledby="clicks"><h2 id="clicks">Clicks</h2><div class="grid">
${clicksByPosition(counts)}${ctrByPosition(counts)}${firstClickTimes(counts)}${sessionLengths(counts)}
</div></section>
${data.variants !== undefined && variantsSection(data.variants)}
<section aria-labelledby="queries"><h2 id="queries">Queries</h2>
${queryTables(data)}
</section>
<section aria-labelledby="sessions"><h2 id="sessions">Sessions</h2>
${explorerPanel(data)}
</section>
</main>
<footer><p>This file contains queries${data.explorer.usersHidden ? '' : ' and user ids'}, so share it with care. It loads nothing and sends nothing.</p></footer>
<script>${new Markup(script)}</script>
</body>
</html>
`
  return page.text
}

function overview(data: ReportData): Markup {
  const { figures, comparison } = keyFigures(data)
  const settings = data.settings.map(([name, value]) => html`<li>${name}: ${value}</li>`)
  return html`
<section aria-labelledby="overview"><h2 id="overview">Overview</h2>
<dl class="figures">${figures.map(figureCard)}</dl>
<p class="note">${comparison}${figures.some(({ isUncertain }) => isUncertain) && ` A * marks an uncertain figure, of fewer than ${UNCERTAIN_BELOW} searches or clicks.`} A dash (–) stands where there is nothing to divide by.</p>
${settings.length > 0 && html`<ul class="settings" aria-label="Settings">${settings}</ul>`}
</section>`
}

function figureCard({ name, value, parts, isUncertain, change }: KeyFigure): Markup {
  return html`
<div class="card"><dt>${name}</dt><dd class="value">${value}${isUncertain && value !== NOTHING && ' *'}</dd><dd class="parts">${parts}</dd>${change !== null && html`<dd class="change">${change}</dd>`}</div>`
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
