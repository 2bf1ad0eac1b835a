// Writes the page of a report, which loads nothing.

import { firstClickTimes, sessionLengths } from './duration-charts.ts'
import { explorerPanel } from './explorer-panel.ts'
import { searchesByHour, searchesByWeekday } from './habit-charts.ts'
import { type KeyFigure, keyFigures, sumDays } from './key-figures.ts'
import { html, Markup } from './markup.ts'
import { countOf, minuteText, NOTHING, UNCERTAIN_BELOW } from './number-text.ts'
import { contentHash } from './page-assets.ts'
import { clicksByPosition, ctrByPosition } from './position-charts.ts'
import { queryTables } from './query-tables.ts'
import type { ReportData } from './report-data.ts'
import { segmentPanel, withoutText } from './segment-panel.ts'
import { ctrChart, otherTimeCharts } from './time-charts.ts'
import { variantsSection } from './variant-charts.ts'

export interface Assets {
  readonly style: string
  readonly script: string
}

export function reportHtml(data: ReportData, { style, script }: Assets): string {
  const { pipeline, range, madeAtMs } = data
  const days = range.from === range.to ? range.from : `${range.from} to ${range.to}`
  // The browser may load nothing, and may apply only the page's own script and style.
  const policy = `default-src 'none'; style-src '${contentHash(style)}'; script-src '${contentHash(script)}'; base-uri 'none'; form-action 'none'`
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
${partsOf(data).map(({ id, name }) => html`<li><a href="#${id}">${name}</a></li>`)}
</ul></nav>
<main id="content" tabindex="-1">
${overview(data)}
${partsOf(data).map(({ content }) => content)}
</main>
<footer><p>This file contains queries${data.explorer.usersHidden ? '' : ' and user ids'}, so share it with care. It loads nothing and sends nothing.</p></footer>
<script>${new Markup(script)}</script>
</body>
</html>
`
  return page.text
}

interface Part {
  readonly id: string
  readonly name: string
  /** Null for the overview, which comes first in every report. */
  readonly content: Markup | null
}

/** A report of one segment leaves out sums of sessions and queries, which no label splits. */
function partsOf(data: ReportData): Part[] {
  const isWhole = data.segment === null
  const counts = sumDays(data.days)
  const time = [ctrChart(data), otherTimeCharts(data), isWhole && searchesByHour(data), searchesByWeekday(data)]
  const clicks = [
    clicksByPosition(counts),
    isWhole && ctrByPosition(counts),
    firstClickTimes(counts),
    isWhole && sessionLengths(counts),
  ]
  const parts: (Part | false)[] = [
    { id: 'overview', name: 'Overview', content: null },
    part('time', 'Over time', html`<div class="grid">${time}</div>`),
    data.segments.length > 0 && part('segments', 'Segments', segmentPanel(data)),
    part('clicks', 'Clicks', html`<div class="grid">${clicks}</div>`),
    data.variants !== undefined && { id: 'variants', name: 'Variants', content: variantsSection(data.variants) },
    isWhole && part('queries', 'Queries', queryTables(data)),
    part('sessions', 'Sessions', explorerPanel(data)),
  ]
  return parts.filter((one) => one !== false)
}

function part(id: string, name: string, content: Markup): Part {
  return { id, name, content: html`<section aria-labelledby="${id}"><h2 id="${id}">${name}</h2>${content}</section>` }
}

function segmentNote({ segment }: ReportData): Markup | null {
  if (segment === null) return null
  const { label, value, uncertainDays, daysWithout } = segment
  return html`<p class="note">This report counts only searches with <strong>${label} = ${value}</strong>. It leaves out sums of sessions, query lists, CTR by position and hours of the day, which exist only for all searches.${uncertainDays > 0 && html` On ${countOf(uncertainDays, 'day', 'days')}, some values were summed together: searches of the segment may be missing there.`}${daysWithout > 0 && withoutText(label, daysWithout)}</p>`
}

function overview(data: ReportData): Markup {
  const { figures, comparison } = keyFigures(data)
  const settings = data.settings.map(([name, value]) => html`<li>${name}: ${value}</li>`)
  return html`
<section aria-labelledby="overview"><h2 id="overview">Overview</h2>
${segmentNote(data)}
<dl class="figures">${figures.map(figureCard)}</dl>
<p class="note">${comparison}${figures.some(({ isUncertain }) => isUncertain) && ` A * marks an uncertain figure, of fewer than ${UNCERTAIN_BELOW} searches or clicks.`} A dash (–) stands where there is nothing to divide by.</p>
${settings.length > 0 && html`<ul class="settings" aria-label="Settings">${settings}</ul>`}
</section>`
}

function figureCard({ name, value, parts, isUncertain, change }: KeyFigure): Markup {
  return html`
<div class="card"><dt>${name}</dt><dd class="value">${value}${isUncertain && value !== NOTHING && ' *'}</dd><dd class="parts">${parts}</dd>${change !== null && html`<dd class="change">${change}</dd>`}</div>`
}
