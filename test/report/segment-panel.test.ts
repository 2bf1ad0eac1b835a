// Tests the segments of a report: the values of each label, and a report of one segment.

import { describe, expect, it } from 'vitest'
import { html } from '../../report/markup.ts'
import { renderReport } from '../../report/render-report.ts'
import { type DayRange, readReport } from '../../report/report-data.ts'
import { SEGMENT_ROWS_MAX } from '../../report/segment-data.ts'
import { segmentPanel } from '../../report/segment-panel.ts'
import { at, type Sent } from '../support/events.ts'
import { reportPorts, wanted } from '../support/report-log.ts'

const ONE_DAY: DayRange = { from: '2026-03-02', to: '2026-03-02' }
const WEEK: DayRange = { from: '2026-03-02', to: '2026-03-08' }
const DAY_SECONDS = 86_400

/** A search with a value, and its click where it has one. */
function searches(value: string | null, count: number, clicked: number, startSeconds = 0): Sent[] {
  return Array.from({ length: count }, (_, n) => {
    const user = `${value} ${startSeconds} ${n}`
    const labels = value === null ? {} : { labels: { application: value } }
    const search = { type: 'Search', user, time: at(startSeconds + n), eventId: `s ${user}`, query: 'dogs', ...labels }
    const click = { type: 'ClickResult', user, time: at(startSeconds + n + 1), eventId: `c ${user}`, item: 'a' }
    return n < clicked ? [search, click] : [search]
  }).flat()
}

const SENT = [
  ...searches('shop', 40, 10),
  ...searches('<b>', 35, 35, 4000),
  ...searches(null, 10, 1, 8000),
  ...searches('shop', 20, 20, DAY_SECONDS),
]

async function panelOf(sent: readonly Sent[], range: DayRange): Promise<string> {
  return segmentPanel(await readReport(reportPorts(sent, ['application']), wanted(range))).text
}

const rowsIn = (panel: string): string[] =>
  [...(/<tbody>(.*?)<\/tbody>/s.exec(panel)?.[1] ?? '').matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, cells = '']) =>
    cells
      .replace(/<[^>]*>/g, ' ')
      .replace(/ +/g, ' ')
      .trim(),
  )

describe('the segments of a report', () => {
  it('list the values with their ratios, the most asked first, and escape them', async () => {
    const rows = rowsIn(await panelOf(SENT, WEEK))
    expect(rows).toEqual([
      'shop 60 50.0 % 0.0 % 0.0 % 0.0 %',
      '&lt;b&gt; 35 100.0 % – 0.0 % 0.0 %',
      '(none) 10 * 10.0 % * 0.0 % * 0.0 % * 0.0 %',
    ])
  })

  it('draw every value over the time of the whole report, by hour and by day', async () => {
    for (const [range, points] of [
      [ONE_DAY, 3],
      [WEEK, 7],
    ] as const) {
      const panel = await panelOf(SENT, range)
      const tables = [...panel.matchAll(/<figure.*?<tbody>(.*?)<\/tbody>/gs)].map(([, body = '']) => body)
      expect(tables.map((body) => body.split('<tr>').length - 1)).toEqual([points, points, points])
    }
  })

  it('draw at most twelve values, and list at most a hundred', async () => {
    const many = Array.from({ length: 120 }, (_, n) => searches(`value ${n}`, 1, 0, n * 10)).flat()
    const panel = await panelOf(many, WEEK)
    expect(panel.match(/<figure/g)).toHaveLength(12)
    // An hour names fifty values in this test, and the rest is summed together.
    expect(rowsIn(panel).at(-1)).toContain('(other) 70')
    expect(rowsIn(panel).length).toBeLessThanOrEqual(SEGMENT_ROWS_MAX)
  })

  it('are in no report without labels', async () => {
    const page = renderReport(await readReport(reportPorts(SENT), wanted(WEEK)))
    expect(page).not.toContain('id="segments"')
    expect(renderReport(await readReport(reportPorts(SENT, ['application']), wanted(WEEK)))).toContain('id="segments"')
  })
})

describe('a report of one segment', () => {
  const ports = reportPorts(SENT, ['application'])
  const reportOf = (value: string, range = WEEK) =>
    readReport(ports, wanted(range, { segment: { label: 'application', value } }))

  it('counts only its searches, by day and by hour', async () => {
    const { days, hours, segment } = await reportOf('shop')
    expect(days.map(({ day, searches, ctr }) => [day, searches, ctr])).toEqual([
      ['2026-03-02', 40, 0.25],
      ['2026-03-03', 20, 1],
    ])
    expect(hours).toEqual([])
    expect(segment).toEqual({ label: 'application', value: 'shop', uncertainDays: 0, daysWithout: 0 })
    expect((await reportOf('(none)', ONE_DAY)).hours.map(({ sk, searches }) => [sk, searches])).toEqual([
      ['2026-03-02T02', 10],
    ])
  })

  it('compares with the days before', async () => {
    const { daysBefore } = await reportOf('shop', { from: '2026-03-03', to: '2026-03-03' })
    expect(daysBefore.map(({ searches }) => searches)).toEqual([40])
  })

  it('names the segment and what it leaves out, and shows only sessions with a search of it', async () => {
    const data = await reportOf('<b>')
    const page = renderReport(data)
    expect(page).toContain(html`searches with <strong>application = ${'<b>'}</strong>`.text)
    expect(page).toContain('It leaves out sums of sessions, query lists')
    for (const id of ['queries', 'segments', 'session-lengths', 'ctr-by-position', 'searches-by-hour'])
      expect(page).not.toContain(`id="${id}"`)
    expect(data.explorer.sessions).toHaveLength(35)
  })

  it('reports on how many days the segment may be among values that were summed together', async () => {
    const many = Array.from({ length: 60 }, (_, n) => searches(`value ${n}`, 1, 0, n)).flat()
    const { segment } = await readReport(
      reportPorts(many, ['application']),
      wanted(WEEK, { segment: { label: 'application', value: 'value 0' } }),
    )
    expect(segment?.uncertainDays).toBe(1)
    const none = { label: 'application', value: '(none)' }
    const without = await readReport(reportPorts(many, ['application']), wanted(WEEK, { segment: none }))
    expect(without.segment?.uncertainDays).toBe(0)
  })

  it('shows no session whose only search of the value repeats a search without it', async () => {
    const first = { type: 'Search', user: 'ann', time: at(0), eventId: 'e1', searchId: 's1', query: 'dogs' }
    const again = { ...first, time: at(1), eventId: 'e2', labels: { application: 'shop' } }
    const segment = { label: 'application', value: 'shop' }
    const { explorer } = await readReport(reportPorts([first, again], ['application']), wanted(WEEK, { segment }))
    expect(explorer.sessions).toEqual([])
  })

  it('is refused for a label by which no day is summed, with those that there are', async () => {
    const segment = { label: 'variant', value: 'A' }
    await expect(readReport(ports, wanted(WEEK, { segment }))).rejects.toThrow(
      'No day from 2026-03-02 to 2026-03-08 has sums by the label variant: the setting segments names labels. There are sums by application.',
    )
    await expect(readReport(reportPorts(SENT), wanted(WEEK, { segment }))).rejects.toThrow('There are none.')
  })
})

describe('days from before the setting named a label', () => {
  const ports = reportPorts(SENT, ['application'])
  const later: typeof ports = {
    ...ports,
    readDays: async (range) =>
      (await ports.readDays(range)).map((day) => {
        const { segments: _, ...without } = day
        return day.day === '2026-03-02' ? without : day
      }),
    readDaySegments: async (label, range) =>
      (await ports.readDaySegments(label, range)).filter(({ day }) => day !== '2026-03-02'),
  }
  const MISSING = 'Searches of 1 day are missing, since it has no sums by application'

  it('are stated by the segments, whose values lack their searches', async () => {
    expect(segmentPanel(await readReport(later, wanted(WEEK))).text).toContain(MISSING)
    expect(segmentPanel(await readReport(ports, wanted(WEEK))).text).not.toContain('missing')
  })

  it('are stated by a report of one segment', async () => {
    const segment = { label: 'application', value: 'shop' }
    const data = await readReport(later, wanted(WEEK, { segment }))
    expect(data.segment?.daysWithout).toBe(1)
    expect(renderReport(data)).toContain(MISSING)
  })
})
