// Writes the tables of top queries, of those without clicks and of those without results.

import type { QueryList } from '../functions/domain/results/top-queries.ts'
import { html, type Markup } from './markup.ts'
import { countText, decimalText, NOTHING, shareText, truncateText, UNCERTAIN_BELOW } from './number-text.ts'
import type { QueryTotal } from './query-totals.ts'
import { daysIn, QUERY_DAYS_MAX, QUERY_ROWS_MAX, type ReportData } from './report-data.ts'

interface Column {
  readonly name: string
  /** Rows with null sort last. */
  readonly value: (total: QueryTotal) => number | null
  readonly text: (value: number | null) => string
  /** The denominator of a ratio. */
  readonly denominator?: (total: QueryTotal) => number
}

const QUERY_CHARACTERS_MAX = 160
const count = (value: number | null): string => countText(value ?? 0)
const searches = ({ counts }: QueryTotal): number => counts.searches ?? 0

const SEARCHES: Column = { name: 'Searches', value: searches, text: count }
const SESSIONS: Column = { name: 'Sessions', value: ({ sessions }) => sessions, text: count }
const DAYS: Column = { name: 'Days', value: ({ days }) => days, text: count }
const CTR: Column = { name: 'CTR', value: ({ ratios }) => ratios.ctr, text: shareText, denominator: searches }
const SATISFIED: Column = {
  name: 'Satisfied rate',
  value: ({ ratios }) => ratios.satisfied_rate,
  text: shareText,
  denominator: ({ counts }) => (counts.searches ?? 0) - (counts.unknown_satisfaction_searches ?? 0),
}
const REFORMULATED: Column = {
  name: 'Reformulation rate',
  value: ({ ratios }) => ratios.reformulation_rate,
  text: shareText,
  denominator: searches,
}
const EMPTY: Column = {
  name: 'Without results',
  value: ({ counts }) => counts.zero_result_searches ?? 0,
  text: count,
}
const ZERO_RATE: Column = {
  name: 'Zero-result rate',
  value: ({ ratios }) => ratios.zero_result_rate,
  text: shareText,
  denominator: searches,
}
const POSITION: Column = {
  name: 'Average position',
  value: ({ ratios }) => ratios.average_clicked_position,
  text: decimalText,
  denominator: ({ counts }) => counts.clicks_with_position ?? 0,
}

interface Listing {
  readonly list: QueryList
  readonly title: string
  readonly note: string
  readonly columns: readonly Column[]
}

const LISTINGS: readonly Listing[] = [
  {
    list: 'top',
    title: 'Top queries',
    note: 'The most frequent queries.',
    columns: [SEARCHES, SESSIONS, CTR, SATISFIED, ZERO_RATE, POSITION],
  },
  {
    list: 'without_click',
    title: 'Top queries without clicks',
    note: 'Queries without a click on any day that lists them.',
    columns: [SEARCHES, SESSIONS, REFORMULATED, EMPTY],
  },
  {
    list: 'without_results',
    title: 'Top queries without results',
    note: 'Queries that found nothing at least once.',
    columns: [EMPTY, SEARCHES, ZERO_RATE],
  },
]

export function queryTables({ queries, range }: ReportData): Markup {
  const days = daysIn(queries.range)
  const sumNote =
    days > 1 &&
    html` A day stores the first 1,000 queries of each list. A table sums a query over the days that list it (Days), so a rare query may have had more searches.`
  const rangeNote =
    daysIn(range) > days &&
    html` The tables cover only the last ${QUERY_DAYS_MAX} days: ${queries.range.from} to ${queries.range.to}.`
  return html`
<p class="note">Queries are in lower case with single spaces, however users typed them. Each table has at most ${QUERY_ROWS_MAX} queries.${sumNote}${rangeNote} A * marks an uncertain ratio, of fewer than ${UNCERTAIN_BELOW} searches or clicks.</p>
<p class="filter" hidden><label for="query-filter">Show only queries with</label> <input id="query-filter" type="search" autocomplete="off"> <span id="query-filter-status" role="status"></span></p>
<div class="grid" id="query-lists">${LISTINGS.map((listing) => table(listing, queries.totals[listing.list], days > 1))}
</div>`
}

function table({ list, title, note, columns: own }: Listing, totals: readonly QueryTotal[], hasDays: boolean): Markup {
  const id = `queries-${list.replace('_', '-')}`
  const columns = hasDays ? [...own, DAYS] : own
  const head = columns.map(({ name }) => html`<th scope="col" class="number">${name}</th>`)
  const body =
    totals.length === 0
      ? html`<p class="none">None.</p>`
      : html`<div class="scroll tall" role="region" tabindex="0" aria-labelledby="${id}-title">
<table class="sortable" aria-labelledby="${id}-title">
<thead><tr><th scope="col">Query</th>${head}</tr></thead>
<tbody>${totals.map((total) => row(total, columns))}</tbody>
</table>
</div>`
  return html`
<div class="card">
<h3 id="${id}-title">${title}</h3>
<p class="formula">${note}</p>
${body}
</div>`
}

function row(total: QueryTotal, columns: readonly Column[]): Markup {
  const query = total.query === '' ? html`<em>(empty)</em>` : truncateText(total.query, QUERY_CHARACTERS_MAX)
  return html`<tr><th scope="row">${query}</th>${columns.map((column) => cell(total, column))}</tr>
`
}

function cell(total: QueryTotal, { value, text, denominator }: Column): Markup {
  const number = value(total)
  const isUncertain = number !== null && denominator !== undefined && denominator(total) < UNCERTAIN_BELOW
  const shown = number === null ? NOTHING : text(number)
  return html`<td class="${isUncertain ? 'number uncertain' : 'number'}" data-value="${number === null ? '' : String(number)}">${isUncertain && '* '}${shown}</td>`
}
