// Tests the page: escaping, ratios and their parts, uncertain figures, and the content policy.

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOUR_MS } from '../../functions/domain/durations.ts'
import { type Counts, FIRST_CLICK_RANGES } from '../../functions/domain/results/counts.ts'
import { dayRollup, hourRollup } from '../../functions/domain/results/rollup.ts'
import { html, scriptJson } from '../../report/markup.ts'
import { renderReport } from '../../report/render-report.ts'
import { type DayRange, daysOf, type ReportData, readReport } from '../../report/report-data.ts'
import { at } from '../support/events.ts'
import { SEED } from '../support/random-log.ts'
import { reportPorts, wanted } from '../support/report-log.ts'

const ONE_DAY: DayRange = { from: '2026-03-02', to: '2026-03-02' }
const SOME: Counts = { searches: 50, searches_with_click: 20, clicks: 30, sessions: 12 }

async function withCounts(range: DayRange, countsOf: (index: number) => Counts): Promise<ReportData> {
  const data = await readReport(reportPorts([]), wanted(range))
  const hours = daysOf(range).map((day, index) => hourRollup(`${day}T09`, countsOf(index)))
  return { ...data, hours, days: hours.map((hour) => dayRollup(hour.day, [hour])) }
}

function bodyOf(page: string): string {
  return page.slice(page.indexOf('<body>'), page.lastIndexOf('<script>'))
}

function inFigure(page: string, id: string): string {
  return new RegExp(`<figure[^>]* id="${id}".*?</figure>`, 's').exec(page)?.[0] ?? ''
}

describe('markup', () => {
  it(`a template escapes any text (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('<', '>', '&', '"', "'", 'a', '/') }), (text) => {
        const shown = html`<p title="${text}">${text}</p>`.text
        expect(shown.replace(/^<p title="/, '').replace(/<\/p>$/, '')).toMatch(/^[^<>"']*">[^<>"']*$/)
      }),
      { seed: SEED },
    )
  })

  it(`no data can end a script of JSON (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('</script>', '<!--', '\u2028'), (value, trap) => {
        const { text } = scriptJson([value, trap])
        expect(text).not.toContain('<')
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify([value, trap])))
      }),
      { seed: SEED },
    )
  })
})

describe('a page', () => {
  it.each([
    ['without data', ONE_DAY, () => ({})],
    ['of one day', ONE_DAY, () => SOME],
    ['of 400 days', { from: '2025-01-27', to: '2026-03-02' }, () => SOME],
    ['with gaps', { from: '2026-02-01', to: '2026-03-02' }, (n: number) => (n % 3 === 0 ? SOME : {})],
  ] as const)('a page %s is complete and bounded', async (_, range, countsOf) => {
    const page = renderReport(await withCounts(range, countsOf))
    expect(bodyOf(page)).not.toMatch(/NaN|undefined|Infinity|\[object|>null</)
    expect(page.length).toBeLessThan(1_500_000)
    expect(page.match(/<h1/g)).toHaveLength(1)
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('a page without data shows – for every ratio and 0 for every count', async () => {
    const body = bodyOf(renderReport(await withCounts(ONE_DAY, () => ({}))))
    const values = [...body.matchAll(/<dd class="value">(.*?)<\/dd>/g)].map(([, value]) => value)
    expect(values).toEqual(['0', ...Array(8).fill('–'), '0', '–', '–'])
    const cells = [...body.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell]) => cell)
    expect(new Set(cells)).toEqual(new Set(['0', '–']))
  })

  it('a page shows the parts of each ratio', async () => {
    const body = bodyOf(renderReport(await withCounts(ONE_DAY, () => SOME)))
    expect(body).toContain('20 of 50 searches clicked')
    expect(inFigure(body, 'ctr-over-time')).toMatch(/09:00<\/th><td class="number">50<\/td><td class="number">20<\/td>/)
  })

  it('a ratio of fewer than 30 searches is uncertain in drawing, words and table', async () => {
    const uncertain = inFigure(
      renderReport(await withCounts(ONE_DAY, () => ({ ...SOME, searches: 29 }))),
      'ctr-over-time',
    )
    expect(uncertain).toContain('class="marker uncertain"')
    expect(uncertain).toContain('fewer than 30 searches')
    expect(uncertain).toContain('* 69.0 %')
    const certain = inFigure(renderReport(await withCounts(ONE_DAY, () => SOME)), 'ctr-over-time')
    expect(certain).not.toMatch(/class="marker uncertain"|fewer than 30|\* /)
  })

  it('the line has a gap at hours without searches', async () => {
    const data = await withCounts(ONE_DAY, () => ({}))
    const hours = ['07', '09', '10'].map((hour) => hourRollup(`2026-03-02T${hour}`, SOME))
    const figure = inFigure(renderReport({ ...data, hours, days: [dayRollup('2026-03-02', hours)] }), 'ctr-over-time')
    const path = /class="line" d="([^"]*)"/.exec(figure)?.[1] ?? ''
    expect(path.match(/M/g)).toHaveLength(2)
    expect(figure).toContain('08:00</th><td class="number">0</td><td class="number">0</td><td class="number">–</td>')
  })

  it('a day that is not over is labelled so', async () => {
    const data = await withCounts({ from: '2026-02-26', to: '2026-03-02' }, () => SOME)
    const figure = inFigure(renderReport({ ...data, madeAtMs: at(0) + 8 * HOUR_MS }), 'ctr-over-time')
    expect(figure).toContain('2026-03-02 (not over)')
    expect(figure).not.toContain('2026-03-01 (not over)')
  })

  it('the chart of first clicks has a row for each range', async () => {
    const ranges = Object.fromEntries(FIRST_CLICK_RANGES.map(([name], n) => [name, n + 1]))
    const figure = inFigure(
      renderReport(await withCounts(ONE_DAY, () => ({ ...SOME, ...ranges }))),
      'first-click-times',
    )
    for (const label of ['up to 1 s', '1 to 2 s', '30 s to 1 min', '1 to 5 min', 'over 5 min']) {
      expect(figure).toContain(`<th scope="row">${label}</th>`)
    }
  })
})

describe('the policy of the page', () => {
  it('the policy allows only the page’s own script and style, and no requests', async () => {
    const page = renderReport(await withCounts(ONE_DAY, () => SOME))
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? ''
    const hash = (text = ''): string => `&#39;sha256-${createHash('sha256').update(text).digest('base64')}&#39;`
    expect(policy).toContain('default-src &#39;none&#39;')
    expect(policy).toContain(`script-src ${hash(/<script>(.*?)<\/script>/s.exec(page)?.[1])};`)
    expect(policy).toContain(`style-src ${hash(/<style>(.*?)<\/style>/s.exec(page)?.[1])};`)
    expect(page).not.toMatch(/\s(src|style|on\w+)="|<link|<iframe|href="(?!#)/)
  })

  it('a page with hidden users contains no user id', async () => {
    const sent = [
      { type: 'Search', user: 'ann@example.org', time: at(0), query: 'dogs', searchId: 'ann-1', eventId: 'ann-e' },
    ]
    const ports = reportPorts(sent)
    expect(renderReport(await readReport(ports, wanted(ONE_DAY)))).toContain('ann@example.org')
    expect(renderReport(await readReport(ports, wanted(ONE_DAY, { hideUsers: true })))).not.toMatch(/\bann\b/)
  })
})
