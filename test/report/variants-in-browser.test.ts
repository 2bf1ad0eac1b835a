// Tests the section of variants in a real browser: layout, colours and accessibility.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { METRIC_NAMES } from '../../compare/metric.ts'
import { renderReport } from '../../report/render-report.ts'
import { readReport } from '../../report/report-data.ts'
import { CHROMIUM_FLAGS, chromiumPath } from '../support/chromium.ts'
import { reportPorts, wanted } from '../support/report-log.ts'
import { reportVariants } from '../support/variants.ts'

const executablePath = chromiumPath()
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const TRAP = '<img src=x onerror="window.trapped=1"> a name that is far too long for its row'

describe.skipIf(executablePath === null)('the variants of a report in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'variants-'))
  const file = join(folder, 'report.html')
  let browser: Browser

  beforeAll(async () => {
    const data = await readReport(reportPorts([]), wanted({ from: '2026-03-02', to: '2026-03-02' }))
    const variants = reportVariants([
      { name: 'A', rate: 0.3 },
      { name: TRAP, rate: 0.33 },
      { name: 'B', rate: 0.2 },
      { name: 'C', rate: 0.4, effectiveUsers: 9 },
    ])
    writeFileSync(file, renderReport({ ...data, variants }))
    browser = await chromium.launch({ executablePath: executablePath as string, args: CHROMIUM_FLAGS })
  })
  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true })
  })

  async function open(width: number, colorScheme: 'light' | 'dark') {
    const page: Page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme })
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(pathToFileURL(file).href)
    return { page, complaints }
  }

  it.each([
    [360, 'light'],
    [360, 'dark'],
    [1280, 'light'],
    [1280, 'dark'],
  ] as const)('fit a window of %i pixels in the %s theme, and axe finds nothing', async (width, scheme) => {
    const { page, complaints } = await open(width, scheme)
    const section = page.locator('section[aria-labelledby=variants]')
    await page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    expect(await section.locator('.drawing:visible').count()).toBe(METRIC_NAMES.length)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
    // No part of a drawing ends outside of it.
    const outside = await section.locator('.drawing:visible').evaluateAll((drawings) =>
      drawings.flatMap((drawing) => {
        const frame = drawing.getBoundingClientRect()
        return [...drawing.querySelectorAll('text, line, circle')].flatMap((part) => {
          const { left, right } = part.getBoundingClientRect()
          return left < frame.left - 1 || right > frame.right + 1 ? [part.outerHTML] : []
        })
      }),
    )
    expect(outside).toEqual([])
    await page.evaluate(AXE)
    const { violations } = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as {
      violations: { id: string }[]
    }
    expect(violations.map(({ id }) => id)).toEqual([])
    expect(await page.evaluate('window.trapped')).toBeUndefined()
    await page.close()
    expect(complaints).toEqual([])
  })
})
