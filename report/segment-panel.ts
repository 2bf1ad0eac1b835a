// Writes the searches by the values of each label: a table, and a chart of each of the most asked
// values.

import { ratiosOf, satisfactionRatiosOf } from '../functions/domain/results/ratios.ts'
import { NO_VALUE, OTHER_VALUES } from '../functions/domain/results/segments.ts'
import { html, type Markup } from './markup.ts'
import { countOf, countText, NOTHING, shareText, truncateText, UNCERTAIN_BELOW } from './number-text.ts'
import type { ReportData } from './report-data.ts'
import { type LabelSegments, SEGMENT_ROWS_MAX, type SegmentValue } from './segment-data.ts'
import { ctrChartOf } from './time-charts.ts'
import { type TimeLine, timeLine } from './time-points.ts'

/** The most asked values that have a chart. More charts would show less. */
const CHARTS_MAX = 12
const VALUE_CHARACTERS_MAX = 64

export function segmentPanel(data: ReportData): Markup {
  const labels = data.segments.map((segments, index) => labelPart(segments, index, timeLine(data)))
  return html`
<p class="note">Searches by the values of the labels that the setting segments names. ${NO_VALUE} stands for searches without the label. A day names a limited number of values (the setting segmentValuesMax), and ${OTHER_VALUES} stands for the rest. A * marks an uncertain ratio, of fewer than ${UNCERTAIN_BELOW} searches.</p>
${labels}`
}

function labelPart({ label, values, leftOut, daysWithout }: LabelSegments, index: number, line: TimeLine): Markup {
  const charted = values.filter(({ value }) => value !== OTHER_VALUES).slice(0, CHARTS_MAX)
  const lines = charted.map((value) => lineOf(value, line))
  const searchesMax = Math.max(...lines.flatMap(({ points }) => points.map(({ counts }) => counts.searches ?? 0)))
  const charts = charted.map(({ value }, n) =>
    ctrChartOf(`${label} = ${shownValue(value)}`, `segment-${index}-${n}`, lines[n] as TimeLine, searchesMax),
  )
  const id = `segments-${index}-title`
  return html`
<div class="card segments">
<h3 id="${id}">By ${label}</h3>
<div class="scroll" role="region" tabindex="0" aria-labelledby="${id}">
<table class="sortable" aria-labelledby="${id}">
<thead><tr><th scope="col">${label}</th>${COLUMNS.map(({ name }) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
<tbody>${values.map(row)}</tbody>
</table>
</div>
${leftOut > 0 && html`<p class="note">The ${SEGMENT_ROWS_MAX} most asked values, without ${countText(leftOut)} more.</p>`}
${daysWithout > 0 && html`<p class="note">${withoutText(label, daysWithout)}</p>`}
</div>
<p class="note">${charted.length < values.length ? `The ${charted.length} most asked values` : 'All values'} over time: searches with a click / searches, by ${line.unit} (UTC). The charts have the same scales. Hollow markers stand for fewer than ${UNCERTAIN_BELOW} searches, or ${line.unit === 'hour' ? 'an hour' : 'a day'} that is not over.</p>
<div class="multiples">${charts}</div>`
}

/** States that searches of some days are missing, so that no reader takes those days for empty. */
export function withoutText(label: string, days: number): string {
  return ` Searches of ${countOf(days, 'day', 'days')} are missing, since ${days === 1 ? 'it has' : 'they have'} no sums by ${label}: the setting segments did not name it then.`
}

/** The points are those of the whole report, so that the charts have one time axis. */
function lineOf({ days, hours }: SegmentValue, line: TimeLine): TimeLine {
  const periods = line.unit === 'hour' ? hours : days
  const startOf = (of: string): number => Date.parse(line.unit === 'hour' ? `${of}:00:00.000Z` : of)
  const counted = new Map(periods.map(({ of, counts }) => [startOf(of), counts]))
  const [first, ...others] = line.points
  const own = (point: typeof first): typeof first => ({ ...point, counts: counted.get(point.startMs) ?? {} })
  return { ...line, points: [own(first), ...others.map(own)] }
}

interface Column {
  readonly name: string
  /** Rows with null sort last. */
  readonly value: (segment: SegmentValue) => number | null
  /** The denominator of a ratio; null for a count. */
  readonly wholeOf: ((segment: SegmentValue) => number) | null
}

const searches = ({ counts }: SegmentValue): number => counts.searches ?? 0
const known = ({ counts }: SegmentValue): number => (counts.searches ?? 0) - (counts.unknown_satisfaction_searches ?? 0)

const COLUMNS: readonly Column[] = [
  { name: 'Searches', value: searches, wholeOf: null },
  { name: 'CTR', value: ({ counts }) => ratiosOf(counts).ctr, wholeOf: searches },
  { name: 'Satisfied rate', value: ({ counts }) => satisfactionRatiosOf(counts).satisfied_rate, wholeOf: known },
  { name: 'Zero-result rate', value: ({ counts }) => ratiosOf(counts).zero_result_rate, wholeOf: searches },
  {
    name: 'Reformulation rate',
    value: ({ counts }) => satisfactionRatiosOf(counts).reformulation_rate,
    wholeOf: searches,
  },
]

function row(segment: SegmentValue): Markup {
  const cells = COLUMNS.map(({ value, wholeOf }) => {
    const number = value(segment)
    const isUncertain = number !== null && wholeOf !== null && wholeOf(segment) < UNCERTAIN_BELOW
    const shown = number === null ? NOTHING : wholeOf === null ? countText(number) : shareText(number)
    return html`<td class="${isUncertain ? 'number uncertain' : 'number'}" data-value="${number === null ? '' : String(number)}">${isUncertain && '* '}${shown}</td>`
  })
  return html`<tr><th scope="row">${shownValue(segment.value)}</th>${cells}</tr>
`
}

function shownValue(value: string): string {
  return truncateText(value, VALUE_CHARACTERS_MAX)
}
