// Tests a report in a real browser: requests, hostile texts, keyboard, layout and accessibility.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DAY_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import { renderReport } from '../../report/render-report.ts'
import { readReport } from '../../report/report-data.ts'
import { generateLog } from '../../samples/generated-log.ts'
import {
  axeViolations,
  CHROMIUM_FLAGS,
  chromiumPath,
  type OpenedPage,
  openPage,
  type Scheme,
  tabTo,
  VIEWS,
} from '../support/chromium.ts'
import { ORIGIN_MS, type Sent } from '../support/events.ts'
import { reportPorts, sentIn, wanted } from '../support/report-log.ts'
import { sharedPath } from '../support/shared.ts'

const executablePath = chromiumPath()
const TRAP = '</script><img src=x onerror="window.trapped=1"><script>window.trapped=1</script>'

/** The latest session. It has every kind of evidence, and texts that contain markup. */
const TRAPS: readonly Sent[] = [
  { type: 'Search', time: 0, searchId: 's1', query: TRAP },
  { type: 'Results', time: 1, searchId: 's1', items: ['a', 'b'] },
  { type: 'ClickResult', time: 2, searchId: 's1', item: 'a' },
  { type: 'ClickResult', time: 3, item: 'b' },
  { type: 'ClickResult', time: 4, item: TRAP },
  { type: 'ClickResult', time: 5, searchId: 's9', item: 'z' },
].map((sent, n) => ({
  ...sent,
  user: TRAP,
  time: ORIGIN_MS + 8 * DAY_MS - 100 * SECOND_MS + sent.time * SECOND_MS,
  eventId: `t${n}`,
}))

const APPLICATIONS = [
  'shop',
  'blog',
  'help',
  TRAP.slice(0, 64),
  'a very long name of an application that has no meaning',
]

function labelled(sent: Sent, n: number): Sent {
  if (sent.type !== 'Search' || n % 7 === 0) return sent
  const user = String(sent.user).length + String(sent.user).charCodeAt(String(sent.user).length - 1)
  return {
    ...sent,
    labels: { application: APPLICATIONS[n % APPLICATIONS.length], variant: user % 2 === 0 ? 'A' : 'B' },
  }
}

describe.skipIf(executablePath === null)('a report in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'report-'))
  const file = join(folder, 'report.html')
  let browser: Browser

  beforeAll(async () => {
    const log = generateLog({ seed: 7, users: 40, days: 8, startMs: ORIGIN_MS })
    const sent = (log as unknown as Sent[]).map(labelled)
    const ports = reportPorts([...sent, ...TRAPS], ['application', 'variant'])
    const data = await readReport(ports, wanted({ from: '2026-03-06', to: '2026-03-09' }))
    writeFileSync(file, renderReport(data))
    browser = await chromium.launch({ executablePath: executablePath as string, args: CHROMIUM_FLAGS })
  })

  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true })
  })

  function open(width: number, scheme: Scheme, path = file): Promise<OpenedPage> {
    const address = pathToFileURL(path).href
    return openPage(browser, address, { width, scheme, isAllowed: (asked) => asked === address })
  }

  describe.each(VIEWS)('%i wide and %s', (width, scheme) => {
    it('a report opens without an error and without a request', async () => {
      const { page, complaints } = await open(width, scheme)
      expect(await page.title()).toContain('Search report')
      expect(await page.locator('#session-list [role=option]').count()).toBeGreaterThan(10)
      await page.close()
      expect(complaints).toEqual([])
    })

    it('a report with every table open is no wider than the window', async () => {
      const { page } = await open(width, scheme)
      await openDetails(page)
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
      await page.close()
    })

    it('each chart shows exactly one drawing', async () => {
      const { page } = await open(width, scheme)
      const figures = await page.locator('figure').count()
      expect(await page.locator('figure .drawing:visible').count()).toBe(figures)
      // Those of all searches, and one of each value of two labels.
      expect(figures).toBe(11 + 6 + 3)
      await page.close()
    })

    it('axe finds no accessibility violation', async () => {
      const { page } = await open(width, scheme)
      await openDetails(page)
      expect(await axeViolations(page)).toEqual([])
      await page.close()
    })
  })

  it('texts that contain markup are shown as text', async () => {
    const { page } = await open(1280, 'light')
    expect(await page.locator('#session-title').textContent()).toContain(TRAP)
    expect(await page.locator('#session-view').textContent()).toContain(`“${TRAP}”`)
    expect(await page.locator('#queries-top-title + p + div').textContent()).toContain(TRAP)
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.evaluate('window.trapped')).toBeUndefined()
    await page.close()
  })

  it('the timeline shows how each click was attributed', async () => {
    const { page } = await open(360, 'light')
    const clicks = await page.locator('#session-view li.click .badge').allTextContents()
    expect(clicks).toEqual(['by search id', 'by listed item', 'by order', 'orphan'])
    await page.close()
  })

  it('the skip link, sorting and the explorer work with the keyboard', async () => {
    const { page } = await open(1280, 'light')
    await page.keyboard.press('Tab')
    expect(await focused(page)).toContain('Skip to the report')
    await page.keyboard.press('Enter')
    await tabTo(page, '#query-lists th button')
    const heads = page.locator('#queries-top-title + p + div th')
    await page.keyboard.press('Enter')
    expect(await heads.first().getAttribute('aria-sort')).toBe('ascending')
    const sorted = await page.locator('#queries-top-title + p + div tbody th').allTextContents()
    expect(sorted).toEqual(sorted.toSorted((a, b) => a.localeCompare(b)))
    await tabTo(page, '#session-filter')
    await page.keyboard.type('lamp')
    await tabTo(page, '[role=option]')
    const before = await page.locator('#session-title').textContent()
    await page.keyboard.press('ArrowDown')
    expect(await page.locator('#session-title').textContent()).not.toBe(before)
    expect(await page.locator('[role=option][aria-selected=true]').count()).toBe(1)
    await tabTo(page, '#session-view [role=region]')
    await page.close()
  })

  it('filters find sessions and queries by the typed text', async () => {
    const { page } = await open(1280, 'light')
    const all = await page.locator('[role=option]').count()
    await page.fill('#session-filter', 'onerror')
    expect(await page.locator('#session-count').textContent()).toBe(`1 of ${all} sessions`)
    await page.fill('#session-filter', 'no such thing')
    expect(await page.locator('[role=option]:visible').count()).toBe(0)
    await page.fill('#query-filter', 'ONERROR')
    expect(await page.locator('#query-lists tbody tr:visible').count()).toBe(1)
    await page.close()
  })

  it('the theme button overrides the system’s theme', async () => {
    const { page } = await open(1280, 'dark')
    const colour = (): Promise<unknown> => page.evaluate('getComputedStyle(document.body).backgroundColor')
    const dark = await colour()
    expect(await page.locator('#theme').getAttribute('aria-pressed')).toBe('true')
    await page.locator('#theme').press('Enter')
    expect(await page.locator('#theme').getAttribute('aria-pressed')).toBe('false')
    expect(await colour()).not.toBe(dark)
    await page.close()
  })

  it('a report without data opens without an error', async () => {
    const empty = join(folder, 'empty.html')
    const day = { from: '2026-03-02', to: '2026-03-02' }
    writeFileSync(empty, renderReport(await readReport(reportPorts([]), wanted(day))))
    const { page, complaints } = await open(360, 'light', empty)
    expect(await page.locator('main').textContent()).toContain('No searches in this range.')
    await page.close()
    expect(complaints).toEqual([])
  })

  const logPath = sharedPath('data/lisp/events.ndjson')
  it.skipIf(logPath === null)('a report of the study log has its known numbers', async () => {
    const study = join(folder, 'study.html')
    const day = { from: '2025-06-26', to: '2025-06-26' }
    writeFileSync(study, renderReport(await readReport(reportPorts(sentIn(logPath as string)), wanted(day))))
    const { page, complaints } = await open(1280, 'light', study)
    const values = await page.locator('dd.value').allTextContents()
    expect(values).toEqual([
      '413',
      '82.3 %',
      '66.8 %',
      '28.1 %',
      '0.7 %',
      '16.9 %',
      '6.58',
      '15.52',
      '5 to 10 s',
      '61',
      '1.49',
      '54.1 s',
    ])
    await page.close()
    expect(complaints).toEqual([])
  })
})

async function openDetails(page: Page): Promise<void> {
  await page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
}

async function focused(page: Page): Promise<string> {
  return String(await page.evaluate("document.activeElement?.textContent ?? ''"))
}
