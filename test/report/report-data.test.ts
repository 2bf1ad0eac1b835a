// Tests which data a report reads, sums and leaves out.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../functions/domain/durations.ts'
import { SEARCH_COUNTS } from '../../functions/domain/results/counts.ts'
import { keyFigures } from '../../report/key-figures.ts'
import { type DayRange, daysOf, QUERY_DAYS_MAX, type ReportPorts, readReport } from '../../report/report-data.ts'
import { medianRange, rangeCounts } from '../../report/value-ranges.ts'
import { at, type Sent } from '../support/events.ts'
import { SEED } from '../support/random-log.ts'
import { reportPorts, wanted } from '../support/report-log.ts'

const WEEK: DayRange = { from: '2026-03-02', to: '2026-03-08' }
const ONE_DAY: DayRange = { from: '2026-03-02', to: '2026-03-02' }
const EMPTY = reportPorts([])

let sequence = 0

/** Sends a search in its own session, with or without a click. */
function searched(
  user: string,
  timeMs: number,
  query: string,
  isClicked: boolean,
  items: readonly string[] = ['a'],
): Sent[] {
  sequence++
  const searchId = `s${sequence}`
  const sent = [
    { type: 'Search', query, time: timeMs },
    { type: 'Results', items, time: timeMs + 1 },
    ...(isClicked ? [{ type: 'ClickResult', item: 'a', time: timeMs + 2 }] : []),
  ]
  return sent.map((fields, n) => ({ ...fields, user, searchId, eventId: `${searchId}-${n}` }))
}

function onDay(day: number, hour = 12): number {
  return at(0) + day * DAY_MS + hour * HOUR_MS
}

describe('reading a report', () => {
  it('a report of up to three days has hours, and a longer one has only days', async () => {
    const ports = reportPorts(searched('ann', onDay(0), 'dogs', true))
    expect((await readReport(ports, wanted({ from: '2026-03-02', to: '2026-03-04' }))).hours).toHaveLength(1)
    expect((await readReport(ports, wanted({ from: '2026-03-02', to: '2026-03-05' }))).hours).toEqual([])
  })

  it('a long report reads the queries of only its last days', async () => {
    const readDays: string[] = []
    const ports: ReportPorts = {
      ...EMPTY,
      readQueries: async (day) => {
        readDays.push(day)
        return []
      },
    }
    const range = { from: '2026-01-01', to: '2026-03-31' }
    const { queries } = await readReport(ports, wanted(range))
    expect(readDays).toEqual(daysOf(range).slice(-QUERY_DAYS_MAX))
    expect(queries.range).toEqual({ from: '2026-03-01', to: '2026-03-31' })
  })

  it.each([
    [{ from: '2026-03-03', to: '2026-03-02' }, 'are 0'],
    [{ from: '2020-01-01', to: '2026-03-02' }, '1 to 1100 days'],
    [{ from: 'yesterday', to: '2026-03-02' }, 'yesterday is not one'],
    [{ from: '2026-03-01', to: '2026-02-30' }, '2026-02-30 is not one'],
    [{ from: '2026-3-1', to: '2026-03-02' }, '2026-3-1 is not one'],
  ])('an invalid range is refused: %o', async (range, message) => {
    await expect(readReport(EMPTY, wanted(range))).rejects.toThrow(message)
  })

  it('more sessions than a file may hold are refused', async () => {
    await expect(readReport(EMPTY, wanted(WEEK, { sessionsMax: 1001 }))).rejects.toThrow('0 to 1000 sessions, not 1001')
  })
})

describe('queries over several days', () => {
  const searchOfDay = fc.record({
    day: fc.integer({ min: 0, max: 6 }),
    query: fc.constantFrom('dogs', 'Dogs ', 'cats', 'fish'),
    isClicked: fc.boolean(),
    items: fc.constantFrom<readonly string[]>(['a'], []),
  })

  it(`totals of queries equal the rows where every day lists all queries (seed ${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(searchOfDay, { maxLength: 20 }), async (searches) => {
        const sent = searches.flatMap(({ day, query, isClicked, items }, n) =>
          searched(`user ${n}`, onDay(day) + n, query, isClicked, items),
        )
        const { queries, days } = await readReport(reportPorts(sent), wanted(WEEK))
        for (const name of SEARCH_COUNTS) {
          const ofQueries = queries.totals.top.reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0)
          expect(ofQueries).toBe(days.reduce((sum, day) => sum + day[name], 0))
        }
        const never = ['dogs', 'cats', 'fish'].filter((query) => {
          const own = searches.filter((one) => one.query.trim().toLowerCase() === query)
          return own.length > 0 && own.every(({ isClicked }) => !isClicked)
        })
        expect(queries.totals.without_click.map(({ query }) => query).sort()).toEqual(never.sort())
      }),
      { seed: SEED, numRuns: 60 },
    )
  })

  it('a query with a click on any day of the range is not "without click"', async () => {
    const sent = [...searched('ann', onDay(0), 'dogs', false), ...searched('ben', onDay(1), 'dogs', true)]
    const { totals } = (await readReport(reportPorts(sent), wanted(WEEK))).queries
    expect(totals.without_click).toEqual([])
    expect(totals.top).toMatchObject([{ query: 'dogs', days: 2, sessions: 2, counts: { searches: 2 } }])
  })
})

describe('the sessions to explore', () => {
  const sent = [
    ...searched('ann', onDay(0, 8), 'dogs', true),
    { type: 'AppOpen', user: 'idle', time: onDay(0, 9), eventId: 'o' },
    ...searched('ben', onDay(0, 10), 'cats', true),
    ...searched('ann', onDay(0, 11), 'fish', true),
  ]

  it('the explorer has the most recent sessions with a search, at most as many as wanted', async () => {
    const users = async (sessionsMax: number): Promise<string[]> =>
      (await readReport(reportPorts(sent), wanted(ONE_DAY, { sessionsMax }))).explorer.sessions.map(({ user }) => user)
    expect(await users(200)).toEqual(['ann', 'ben', 'ann'])
    expect(await users(1)).toEqual(['ann'])
  })

  it('a hidden user has the same number in all sessions', async () => {
    const { explorer } = await readReport(reportPorts(sent), wanted(ONE_DAY, { hideUsers: true }))
    expect(explorer.sessions.map(({ user, id }) => [user, id])).toEqual([
      ['user 1', null],
      ['user 2', null],
      ['user 1', null],
    ])
    expect(JSON.stringify(explorer)).not.toMatch(/ann|ben|s\d-/)
  })

  it('sessions for which the file has no room are counted', async () => {
    const long = Array.from({ length: 100 }, (_, n) =>
      Array.from({ length: 250 }, (_, m) => ({
        type: 'Search',
        user: `u${n}`,
        time: onDay(0) + m,
        query: 'x'.repeat(160),
        eventId: `${n}-${m}`,
      })),
    ).flat()
    const { explorer } = await readReport(reportPorts(long), wanted(ONE_DAY))
    expect(explorer.leftOut).toBeGreaterThan(0)
    expect(explorer.sessions.length + explorer.leftOut).toBe(100)
    expect(JSON.stringify(explorer.sessions).length).toBeLessThan(4_100_000)
  })
})

describe('the change against the period before', () => {
  const searchesOf = (day: number, count: number): Sent[] =>
    Array.from({ length: count }, (_, n) =>
      searched(`u${day}-${n}`, onDay(day) + n * MINUTE_MS, 'dogs', n % 2 === 0),
    ).flat()
  const changes = async (sent: readonly Sent[], madeAtMs = onDay(30)) => {
    const range = { from: '2026-03-03', to: '2026-03-03' }
    const { figures, comparison } = keyFigures(await readReport(reportPorts(sent), wanted(range, { madeAtMs })))
    return { comparison, changes: figures.map(({ change }) => change) }
  }

  it('changes are shown when the period before has enough searches', async () => {
    const { comparison, changes: shown } = await changes([...searchesOf(0, 40), ...searchesOf(1, 50)])
    expect(comparison).toBe('Changes are against the day before.')
    expect(shown.slice(0, 2)).toEqual(['+25.0 % (40 before)', '±0 points (50.0 % before)'])
  })

  it('changes are not shown when the pipeline began within the period before', async () => {
    const range = { from: '2026-03-04', to: '2026-03-05' }
    const ports = reportPorts([...searchesOf(1, 50), ...searchesOf(2, 50), ...searchesOf(3, 50)])
    const { comparison } = keyFigures(await readReport(ports, wanted(range)))
    expect(comparison).toContain('it has only 50 searches on 1 day.')
  })

  it.each([
    ['the period before has no searches', searchesOf(1, 50), undefined, 'it has no searches'],
    [
      'the period before has few searches',
      [...searchesOf(0, 5), ...searchesOf(1, 50)],
      undefined,
      'it has only 5 searches on 1 day',
    ],
    ['the last day is not over', [...searchesOf(0, 40), ...searchesOf(1, 50)], onDay(1, 20), 'not over'],
  ])('changes are not shown when %s', async (_, sent, madeAtMs, text) => {
    const { comparison, changes: shown } = await changes(sent, madeAtMs)
    expect(comparison).toContain(text)
    expect(new Set(shown)).toEqual(new Set([null]))
  })
})

describe('the range of the median', () => {
  const RANGES = [
    ['first_clicks_to_1s', 1000],
    ['first_clicks_to_2s', 2000],
    ['first_clicks_later', Number.POSITIVE_INFINITY],
  ] as const

  it(`the range of the median holds the lower middle value (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1 }), (values) => {
        const nameOf = (value: number): string => RANGES.find(([, endMs]) => value <= endMs)?.[0] ?? ''
        const counts = Object.fromEntries(
          RANGES.map(([name]) => [name, values.filter((value) => nameOf(value) === name).length]),
        )
        const middle = values.toSorted((a, b) => a - b)[Math.ceil(values.length / 2) - 1] as number
        const labels: Record<string, string> = {
          first_clicks_to_1s: 'up to 1 s',
          first_clicks_to_2s: '1 to 2 s',
          first_clicks_later: 'over 2 s',
        }
        expect(medianRange(rangeCounts(RANGES, counts))).toBe(labels[nameOf(middle)])
      }),
      { seed: SEED },
    )
  })

  it('the median is null without values', () => expect(medianRange(rangeCounts(RANGES, {}))).toBeNull())
})
