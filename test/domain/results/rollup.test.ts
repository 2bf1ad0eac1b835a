// Tests the sums of hours and days.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY_MS } from '../../../functions/domain/durations.ts'
import { COUNTS } from '../../../functions/domain/results/counts.ts'
import type { ResultRow } from '../../../functions/domain/results/result.ts'
import { dayRollup, hourOf, hourRollup, sumRows } from '../../../functions/domain/results/rollup.ts'
import { at, click, results, search } from '../../support/events.ts'
import { randomLog, SEED } from '../../support/random-log.ts'
import { FOUR_SEARCHES, rowsOf } from './short-log.ts'

const hourOfRows = (rows: readonly ResultRow[]) => hourRollup('2026-03-02T00', sumRows(rows))

describe('an hour', () => {
  const hour = hourOfRows(rowsOf(FOUR_SEARCHES))

  it('counts searches by their outcome: clicked, without results, abandoned', () => {
    expect(hour).toMatchObject({ searches: 4, searches_with_click: 1, zero_result_searches: 1, abandoned_searches: 2 })
    expect(hour).toMatchObject({ ctr: 0.25, zero_result_rate: 0.25, abandonment_rate: 0.5, clicks_per_search: 0.5 })
  })

  it('counts clicks by position, and how many searches showed each position', () => {
    expect(hour).toMatchObject({ clicks: 2, clicks_at_2: 1, clicks_at_11_to_20: 1, clicks_further_down: 0 })
    expect(hour).toMatchObject({ shown_at_1: 2, shown_at_3: 2, shown_at_4: 1, shown_at_10: 1 })
    expect(hour.average_clicked_position).toBe(7)
  })

  it.each([
    [1, 'clicks_at_1'],
    [10, 'clicks_at_10'],
    [11, 'clicks_at_11_to_20'],
    [20, 'clicks_at_11_to_20'],
    [21, 'clicks_further_down'],
    [10_000, 'clicks_further_down'],
  ] as const)('counts a click at %d in %s', (position, name) => {
    const clicked = hourOfRows(rowsOf([search(at(0)), click(at(1), 'x', { position })]))
    expect(clicked).toMatchObject({ [name]: 1, clicks_with_position: 1, average_clicked_position: position })
  })

  it('ignores a position beyond 10,000', () => {
    const far = [10_001, Number.MAX_SAFE_INTEGER].map((position, n) => click(at(n + 1), 'x', { position }))
    const clicked = hourOfRows(rowsOf([search(at(0)), ...far]))
    expect(clicked).toMatchObject({ clicks: 2, clicks_with_position: 0, average_clicked_position: null })
  })

  it('counts a shown position as clicked once a search, and one not shown never', () => {
    const shown = results(at(1), ['a', 'b'])
    const twice = [click(at(2), 'a'), click(at(3), 'a'), click(at(4), 'z', { position: 3 })]
    const clicked = hourOfRows(rowsOf([search(at(0)), shown, ...twice]))
    expect(clicked).toMatchObject({ clicks_at_1: 2, clicked_at_1: 1, shown_at_1: 1, clicks_at_3: 1, clicked_at_3: 0 })
  })

  it('counts orphan clicks apart from clicks', () => {
    expect(hourOfRows(rowsOf([click(at(0), 'x'), search(at(1))]))).toMatchObject({ orphan_clicks: 1, clicks: 0 })
  })

  it('counts times to the first click and durations of sessions', () => {
    expect(hour).toMatchObject({ first_click_ms_sum: 4000, first_clicks_to_5s: 1, first_clicks_to_2s: 0 })
    expect(hour).toMatchObject({
      sessions: 1,
      sessions_with_click: 1,
      sessions_to_1m: 1,
      session_duration_ms_sum: 40_000,
    })
    expect(hour).toMatchObject({ session_ctr: 1, average_time_to_first_click_ms: 4000 })
  })

  it('sums no rows to counts of 0 and ratios of null', () => {
    const empty = hourOfRows([])
    for (const name of COUNTS) expect(empty[name]).toBe(0)
    const { ctr, clicks_per_search, zero_result_rate, abandonment_rate, session_ctr } = empty
    expect([ctr, clicks_per_search, zero_result_rate, abandonment_rate, session_ctr]).toEqual(Array(5).fill(null))
    expect([empty.average_clicked_position, empty.average_time_to_first_click_ms]).toEqual([null, null])
    expect(empty.average_session_duration_ms).toBeNull()
  })

  it.each([
    [1_000, 'first_clicks_to_1s'],
    [1_001, 'first_clicks_to_2s'],
    [300_000, 'first_clicks_to_5m'],
    [300_001, 'first_clicks_later'],
  ] as const)('counts a first click after %d ms in %s', (ms, range) => {
    const clicked = hourOfRows(rowsOf([search(at(0)), click(at(0) + ms, 'x')]))
    expect(clicked[range]).toBe(1)
  })

  it('counts a search in its own hour, and a session in that of its start', () => {
    const rows = rowsOf([search(at(3599)), search(at(3601))])
    expect(rows.map((row) => [row.kind, hourOf(row)])).toEqual([
      ['search', '2026-03-02T00'],
      ['search', '2026-03-02T01'],
      ['session', '2026-03-02T00'],
    ])
  })
})

describe('any rows', () => {
  it('counts every row once, so that a day is the sum of its hours', () => {
    fc.assert(
      fc.property(randomLog, fc.integer({ min: 1, max: 400 }), (log, stretch) => {
        const spread = log.map((event) => ({ ...event, timeMs: at(0) + (((event.timeMs - at(0)) * stretch) % DAY_MS) }))
        const rows = rowsOf(spread.sort((a, b) => a.timeMs - b.timeMs))
        const hours = [...new Set(rows.map(hourOf))]
          .sort()
          .map((hour) => hourRollup(hour, sumRows(rows.filter((row) => hourOf(row) === hour))))
        const { pk: _p, sk: _s, kind: _k, ...day } = dayRollup('2026-03-02', hours)
        const {
          pk: _,
          sk: _1,
          kind: _2,
          hour: _3,
          rows_expire_at: _4,
          ...all
        } = hourRollup('2026-03-02T00', sumRows(rows))
        expect(day).toEqual(all)
        expect(day.searches).toBe(rows.filter(({ kind }) => kind === 'search').length)
      }),
      { seed: SEED, numRuns: 200 },
    )
  })

  it('counts a search as abandoned exactly if it has no click and is not known to be empty', () => {
    fc.assert(
      fc.property(randomLog, (log) => {
        for (const row of rowsOf(log.sort((a, b) => a.timeMs - b.timeMs))) {
          if (row.kind !== 'search') continue
          const { searches_with_click = 0, zero_result_searches = 0, abandoned_searches = 0 } = sumRows([row])
          expect(abandoned_searches).toBe(searches_with_click + zero_result_searches === 0 ? 1 : 0)
        }
      }),
      { seed: SEED, numRuns: 200 },
    )
  })
})
