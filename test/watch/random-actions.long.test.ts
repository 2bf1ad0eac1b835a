// Acts 2,000 times at random on the live page while its run goes on.

import fc from 'fast-check'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM_FLAGS, chromiumPath, openPage } from '../support/chromium.ts'
import { type LiveLog, liveLog } from '../support/live-log.ts'
import { ACTIONS_A_PAGE, act, PAGES, pageFaults, randomAction } from '../support/random-actions.ts'
import { SEED } from '../support/random-log.ts'

const executablePath = chromiumPath()
const TRAP = '</script><img src=x onerror="window.trapped=1">'

/** Few users, so that sessions grow, move in their list and close while they are open. */
const change = fc.record({
  user: fc.constantFrom('ann', 'ben', 'cleo', TRAP),
  kind: fc.constantFrom('search' as const, 'close' as const),
})

describe.skipIf(executablePath === null)('the live page under random actions', () => {
  let browser: Browser
  let live: LiveLog

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath as string, args: CHROMIUM_FLAGS })
    live = await liveLog()
  })

  afterAll(async () => {
    await browser?.close()
    await live?.stop()
  })

  it('shows no error and sends no request elsewhere', async () => {
    let searches = 0
    const apply = ({ user, kind }: { user: string; kind: 'search' | 'close' }): void => {
      if (kind === 'search') live.addSearch(user, `${TRAP} ${searches++}`)
      else live.close(user)
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(randomAction, change), { minLength: ACTIONS_A_PAGE, maxLength: ACTIONS_A_PAGE }),
        async (actions) => {
          const { page, complaints } = await openPage(browser, live.address, {
            width: 1280,
            scheme: 'light',
            isAllowed: (asked) => asked.startsWith(live.address),
          })
          await page.locator('#rows tbody tr').first().waitFor()
          for (const [action, next] of actions) {
            apply(next)
            await act(page, action)
          }
          const faults = await pageFaults(page)
          await page.close()
          expect([...complaints, ...faults]).toEqual([])
        },
      ),
      { seed: SEED, numRuns: PAGES, endOnFailure: true },
    )
  })
})
