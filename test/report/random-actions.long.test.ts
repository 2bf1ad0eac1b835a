// Acts 2,000 times at random on a report in a browser.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderReport } from '../../report/render-report.ts'
import { readReport } from '../../report/report-data.ts'
import { generateLog } from '../../samples/generated-log.ts'
import { CHROMIUM_FLAGS, chromiumPath, openPage } from '../support/chromium.ts'
import { ORIGIN_MS, type Sent } from '../support/events.ts'
import { ACTIONS_A_PAGE, act, PAGES, pageFaults, randomAction } from '../support/random-actions.ts'
import { SEED } from '../support/random-log.ts'
import { reportPorts, wanted } from '../support/report-log.ts'

const executablePath = chromiumPath()

describe.skipIf(executablePath === null)('a report under random actions', () => {
  const folder = mkdtempSync(join(tmpdir(), 'report-actions-'))
  const file = join(folder, 'report.html')
  let browser: Browser

  beforeAll(async () => {
    const log = generateLog({ seed: 7, users: 40, days: 4, startMs: ORIGIN_MS })
    const data = await readReport(
      reportPorts(log as unknown as Sent[]),
      wanted({ from: '2026-03-02', to: '2026-03-05' }),
    )
    writeFileSync(file, renderReport(data))
    browser = await chromium.launch({ executablePath: executablePath as string, args: CHROMIUM_FLAGS })
  })

  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true })
  })

  it('shows no error and sends no request', async () => {
    const address = pathToFileURL(file).href
    await fc.assert(
      fc.asyncProperty(
        fc.array(randomAction, { minLength: ACTIONS_A_PAGE, maxLength: ACTIONS_A_PAGE }),
        async (actions) => {
          const { page, complaints } = await openPage(browser, address, {
            width: 1280,
            scheme: 'light',
            isAllowed: (asked) => asked.replace(/#.*/, '') === address,
          })
          for (const action of actions) await act(page, action)
          const faults = await pageFaults(page)
          await page.close()
          expect([...complaints, ...faults]).toEqual([])
        },
      ),
      { seed: SEED, numRuns: PAGES, endOnFailure: true },
    )
  })
})
