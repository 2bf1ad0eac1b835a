// Tests that the report of a UBI log has the numbers of the panels of OpenSearch's UBI dashboard.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { memoryRun } from '../../local/memory/memory-run.ts'
import { keyFigures, sumDays } from '../../report/key-figures.ts'
import { renderReport } from '../../report/render-report.ts'
import { type DayRange, dayAfter, type ReportData, readReport } from '../../report/report-data.ts'
import { generateUbiLog, type OrdinalsFrom } from '../../samples/generated-ubi-log.ts'
import { ORIGIN_MS, type Sent } from '../support/events.ts'
import { wanted } from '../support/report-log.ts'
import { ubiClick, ubiEvent, ubiQuery } from '../support/ubi.ts'
import { ubiPanels } from '../support/ubi-panels.ts'

const FIRST_DAY = '2026-03-02'

async function reportOf(documents: readonly Sent[], range: DayRange, ubiOrdinalsFrom = '1'): Promise<ReportData> {
  const run = memoryRun({ settings: { ubiOrdinalsFrom } })
  await run.replay('test', buffers(documents), () => {})
  await run.drain()
  return readReport(run.reportReads, wanted(range))
}

async function* buffers(documents: readonly Sent[]): AsyncGenerator<Buffer> {
  for (const document of documents) yield Buffer.from(JSON.stringify(document))
}

/** An index has a copy once if the producer names the document by an `_id`. */
function once(documents: readonly Sent[]): Sent[] {
  return [...new Map(documents.map((document) => [JSON.stringify(document), document])).values()]
}

/** The numbers in a column of the table of a figure. */
function columnOf(page: string, id: string, column: number): number[] {
  const figure = new RegExp(`<figure[^>]* id="${id}".*?</figure>`, 's').exec(page)?.[0] ?? ''
  const rows = figure.slice(figure.indexOf('<tbody>')).match(/<tr>.*?<\/tr>/gs) ?? []
  return rows.map((row) => {
    const cells = [...row.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, text = '']) => text)
    return Number(cells[column]?.replaceAll(',', ''))
  })
}

/** The clicks at 1 to 10, at 11 to 20 and further down, as the report groups them. */
function byPosition(ordinals: readonly (readonly [number, number])[], from: OrdinalsFrom): number[] {
  const groups = Array<number>(12).fill(0)
  for (const [ordinal, clicks] of ordinals) {
    const position = ordinal + 1 - from
    const group = position <= 10 ? position - 1 : position <= 20 ? 10 : 11
    groups[group] = (groups[group] ?? 0) + clicks
  }
  return groups
}

const asTerms = (totals: ReportData['queries']['totals']['top'], name: 'searches' | 'zero_result_searches') =>
  totals.map(({ query, counts }) => [query, counts[name]])

function expectPanels(data: ReportData, documents: readonly Sent[], from: OrdinalsFrom): void {
  const panels = ubiPanels(documents)
  const page = renderReport(data)
  expect(data.days.map(({ day, searches }) => [day, searches])).toEqual(panels.byDay)
  expect(columnOf(page, 'searches-by-hour', 0)).toEqual(panels.byHour)
  expect(columnOf(page, 'searches-by-weekday', 0)).toEqual(panels.byWeekday)
  expect(asTerms(data.queries.totals.top, 'searches')).toEqual(panels.common)
  expect(asTerms(data.queries.totals.without_results, 'zero_result_searches')).toEqual(panels.withoutResults)
  expect(columnOf(page, 'clicks-by-position', 0)).toEqual(byPosition(panels.ordinals, from))
  const { clicked_position_sum: sum = 0, clicks_with_position: clicks = 0 } = sumDays(data.days)
  expect(sum / clicks).toBeCloseTo((panels.averageOrdinal ?? Number.NaN) + 1 - from, 12)
  const shown = keyFigures(data).figures.find(({ name }) => name === 'Average clicked position')
  expect(shown?.value).toBe(((panels.averageOrdinal ?? Number.NaN) + 1 - from).toFixed(2))
}

describe('the panels of a generated log', () => {
  it.each<[number, number, OrdinalsFrom]>([
    [7, 3, 1],
    [8, 10, 0],
    [9, 30, 1],
  ])('equal those of OpenSearch, for the seed %i over %i days with ordinals from %i', async (seed, days, from) => {
    const log = [...generateUbiLog({ seed, users: 80, days, startMs: ORIGIN_MS }, from)]
    const data = await reportOf(log, { from: FIRST_DAY, to: dayAfter(FIRST_DAY, days) }, String(from))
    expect(once(log).length).toBeLessThan(log.length)
    expectPanels(data, once(log), from)
  })

  it('count by hour and weekday over more days than are read at once', async () => {
    const log = once([...generateUbiLog({ seed: 10, users: 30, days: 70, startMs: ORIGIN_MS }, 1)])
    const page = renderReport(await reportOf(log, { from: FIRST_DAY, to: dayAfter(FIRST_DAY, 70) }))
    const { byHour, byWeekday } = ubiPanels(log)
    expect(columnOf(page, 'searches-by-hour', 0)).toEqual(byHour)
    expect(columnOf(page, 'searches-by-weekday', 0)).toEqual(byWeekday)
  })
})

describe('the panels of the sample log', () => {
  it('equal those of OpenSearch', async () => {
    const path = new URL('../../examples/producers/ubi.ndjson', import.meta.url)
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    const documents = lines.map((line) => JSON.parse(line) as Sent)
    expectPanels(await reportOf(documents, { from: FIRST_DAY, to: FIRST_DAY }), documents, 0)
  })
})

describe('a difference from the panels', () => {
  const at = (second: number): string => new Date(ORIGIN_MS + second * 1000).toISOString()
  const page = (second: number, hits: readonly string[] | null, own: Sent = {}): Sent =>
    ubiQuery({ timestamp: at(second), query_response_hit_ids: hits, ...own })
  const numbersOf = async (documents: readonly Sent[]) => {
    const data = await reportOf(documents, { from: FIRST_DAY, to: FIRST_DAY })
    const sum = sumDays(data.days)
    return {
      searches: sum.searches,
      zeroResults: sum.zero_result_searches ?? 0,
      positions: sum.clicked_position_sum ?? 0,
      clicks: sum.clicks ?? 0,
      queries: data.queries.totals.top.length,
    }
  }
  const panelsOf = (documents: readonly Sent[]) => {
    const { common, withoutResults, ordinals } = ubiPanels(documents)
    const sumOf = (terms: readonly (readonly [unknown, number])[]): number => terms.reduce((sum, [, n]) => sum + n, 0)
    return {
      searches: sumOf(common),
      zeroResults: sumOf(withoutResults),
      positions: ordinals.reduce((sum, [ordinal, n]) => sum + ordinal * n, 0),
      clicks: sumOf(ordinals),
      queries: common.length,
    }
  }

  it.each<[string, readonly Sent[], object, object]>([
    ['the next page of a query', [page(0, ['a']), page(9, ['b'])], { searches: 1 }, { searches: 2 }],
    ['a copy', [page(0, ['a']), page(0, ['a'])], { searches: 1 }, { searches: 2 }],
    [
      'a search event without its query document',
      [page(0, ['a']), ubiEvent('search', { query_id: 'q2', message: 'cats' })],
      { searches: 2, queries: 2 },
      { searches: 1, queries: 1 },
    ],
    ['a query without a list', [page(0, null)], { zeroResults: 0 }, { zeroResults: 1 }],
    [
      'a query of another case',
      [page(0, ['a']), page(9, ['a'], { query_id: 'q2', user_query: 'DOGS' })],
      { queries: 1 },
      { queries: 2 },
    ],
    [
      'a click whose query is not there',
      [page(0, ['a']), ubiClick('a', 1, { query_id: 'q9' })],
      { clicks: 0 },
      { clicks: 1 },
    ],
    [
      'a click at another rank of its list',
      [page(0, ['a', 'b']), ubiClick('b', 7)],
      { positions: 2 },
      { positions: 7 },
    ],
    [
      'a query without a client',
      [page(0, ['a']), page(9, ['a'], { client_id: null })],
      { searches: 1 },
      { searches: 2 },
    ],
  ])('comes from %s', async (_, documents, ours, theirs) => {
    expect(await numbersOf(documents)).toMatchObject(ours)
    expect(panelsOf(documents)).toMatchObject(theirs)
  })
})
