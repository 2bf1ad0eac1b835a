// Tests the live page in a real browser: requests, hostile texts, keyboard, layout, accessibility.

import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MINUTE_MS } from '../../functions/domain/durations.ts'
import { NEW_USER } from '../../functions/domain/sessions/user-state.ts'
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
import { at, click, ORIGIN_MS, search } from '../support/events.ts'
import { type LiveLog, liveLog } from '../support/live-log.ts'

const executablePath = chromiumPath()
const TRAP = '</script><img src=x onerror="window.trapped=1"><script>window.trapped=1</script>'

describe.skipIf(executablePath === null)('the live page in a browser', () => {
  let browser: Browser
  let live: LiveLog

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath as string, args: CHROMIUM_FLAGS })
    live = await liveLog()
    live.model.onState(TRAP, {
      ...NEW_USER,
      version: 1,
      skewMs: live.clock.nowMs - ORIGIN_MS,
      open: [
        {
          ids: ['trap'],
          continues: null,
          limitedBy: null,
          events: [search(ORIGIN_MS, { query: TRAP }), click(at(3), TRAP)],
        },
      ],
    })
  })

  afterAll(async () => {
    await browser?.close()
    await live?.stop()
  })

  function open(width: number, scheme: Scheme, address = live.address): Promise<OpenedPage> {
    return openPage(browser, address, { width, scheme, isAllowed: (asked) => asked.startsWith(address) })
  }

  async function opened(width: number, scheme: Scheme): Promise<OpenedPage> {
    const found = await open(width, scheme)
    await found.page.locator('#rows tbody tr').first().waitFor()
    return found
  }

  describe.each(VIEWS)('%i wide and %s', (width, scheme) => {
    it('the page shows every list without an error, and asks its own server only', async () => {
      const { page, complaints } = await opened(width, scheme)
      for (const list of ['open', 'events', 'closed', 'rows'])
        expect(await page.locator(`#${list} tbody tr`).count()).toBeGreaterThan(3)
      expect(await page.locator('.none:visible').count()).toBe(0)
      await page.close()
      expect(complaints).toEqual([])
    })

    it('the page and a timeline are no wider than the window', async () => {
      const { page } = await opened(width, scheme)
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
      await openFirst(page, 'closed')
      const box = await page.locator('dialog').boundingBox()
      expect((box?.x ?? 0) + (box?.width ?? width + 1)).toBeLessThanOrEqual(width)
      await page.close()
    })

    it('axe finds no accessibility violation, with and without a timeline', async () => {
      const { page } = await opened(width, scheme)
      // A frame must not change the page under axe.
      await page.locator('#pause').click()
      expect(await axeViolations(page)).toEqual([])
      await openFirst(page, 'closed')
      expect(await axeViolations(page)).toEqual([])
      await page.close()
    })
  })

  it('texts that contain markup are shown as text', async () => {
    const { page, complaints } = await opened(1280, 'light')
    const trap = page.locator('#open .opener', { hasText: 'onerror' })
    expect(await trap.textContent()).toBe(TRAP)
    await trap.click()
    await page.locator('#session-view ol').waitFor()
    expect(await page.locator('#session-title').textContent()).toContain(TRAP)
    expect(await page.locator('#session-view').textContent()).toContain(`“${TRAP}”`)
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.evaluate('window.trapped')).toBeUndefined()
    await page.close()
    expect(complaints).toEqual([])
  })

  it('a session opens, and closes, with the keyboard alone, and the focus comes back', async () => {
    const { page } = await opened(1280, 'light')
    await page.keyboard.press('Tab')
    expect(await focused(page)).toContain('Skip to the figures')
    await tabTo(page, '#closed .opener')
    const user = await focused(page)
    await page.keyboard.press('Enter')
    await page.locator('#session-view ol').waitFor()
    expect(await page.locator('#session-title').textContent()).toContain(user)
    await tabTo(page, '#session-view [role=region]')
    await page.keyboard.press('Escape')
    expect(await page.locator('dialog').isVisible()).toBe(false)
    expect(await focused(page)).toBe(user)
    await page.close()
  })

  it('new events appear, timers run down, and the focus stays where it was', async () => {
    const { page } = await opened(1280, 'light')
    await tabTo(page, '#open .opener')
    const user = await focused(page)
    const timer = page.locator('#open .left-text').last()
    const before = await timer.textContent()
    live.addSearch('newcomer', 'brand new query')
    await page.locator('#events', { hasText: 'brand new query' }).waitFor()
    await page.locator('#open', { hasText: 'newcomer' }).waitFor()
    await page.waitForFunction(`document.querySelectorAll('#open .left-text').length > 3`)
    await expect.poll(() => timer.textContent()).not.toBe(before)
    expect(await focused(page)).toBe(user)
    await page.close()
  })

  it('a timeline that is open follows its session', async () => {
    const { page } = await opened(360, 'dark')
    live.addSearch('follower', 'first query')
    await page.locator('#open .opener', { hasText: 'follower' }).click()
    await page.locator('#session-view', { hasText: 'still open' }).waitFor()
    live.addSearch('follower', 'second query')
    await page.locator('#session-view', { hasText: 'second query' }).waitFor()
    await page.close()
  })

  it('a paused page changes nothing until it goes on', async () => {
    const { page } = await opened(1280, 'light')
    await page.locator('#pause').press('Enter')
    expect(await page.locator('#pause').getAttribute('aria-pressed')).toBe('true')
    const lists = (): Promise<unknown> => page.evaluate("document.querySelector('main').textContent")
    const before = await lists()
    // The second frame comes only with a change, so the first must have come before it.
    await page.evaluate(
      "new Promise((resolve) => { window.source = new EventSource('frames'); window.source.onmessage = () => resolve() })",
    )
    await page.evaluate(
      'window.second = new Promise((resolve) => { window.source.onmessage = () => { window.source.close(); resolve() } }); 0',
    )
    live.addSearch('unseen', 'while paused')
    await page.evaluate('window.second')
    expect(await lists()).toBe(before)
    await page.locator('#pause').press('Enter')
    await page.locator('#events', { hasText: 'while paused' }).waitFor()
    await page.close()
  })

  it('a screen reader hears a summary, and not every change', async () => {
    const { page } = await opened(1280, 'light')
    expect(await page.locator('[role=status], [role=alert], [role=log], [aria-live]').count()).toBe(1)
    expect(await page.locator('#summary').textContent()).toMatch(/^Events: [\d,]+, Open sessions: /)
    await page.evaluate(
      "window.heard = 0; new MutationObserver(() => window.heard++).observe(document.getElementById('summary'), { childList: true, subtree: true, characterData: true })",
    )
    for (let n = 0; n < 3; n++) {
      live.addSearch(`loud-${n}`, `loud query ${n}`)
      await page.locator('#events', { hasText: `loud query ${n}` }).waitFor()
    }
    expect(await page.evaluate('window.heard')).toBe(0)
    await page.close()
  })

  it('nothing moves for a reader who prefers less motion', async () => {
    const { page } = await opened(1280, 'light')
    await page.emulateMedia({ reducedMotion: 'reduce' })
    live.addSearch('calm', 'calm query')
    await page.locator('#events tr.new', { hasText: 'calm query' }).waitFor()
    const animations = "getComputedStyle(document.querySelector('#events tr.new')).animationName"
    expect(await page.evaluate(animations)).toBe('none')
    await page.emulateMedia({ reducedMotion: 'no-preference' })
    expect(await page.evaluate(animations)).toBe('arrive')
    await page.close()
  })

  it('the page states when the command has ended, without an error', async () => {
    const other = await liveLog()
    const { page, complaints } = await open(1280, 'light', other.address)
    await page.locator('#rows tbody tr').first().waitFor()
    await other.stop()
    await page.locator('#connection', { hasText: 'The command has ended' }).waitFor()
    expect(await page.locator('#clock').textContent()).toContain('stands still')
    await openFirst(page, 'closed', 'This session is no longer here')
    await page.close()
    expect(complaints.filter((text) => !text.includes('ERR_CONNECTION_REFUSED'))).toEqual([])
  })

  it('the clock of a replay shows its speed', async () => {
    const { page } = await opened(1280, 'light')
    expect(await page.locator('#clock').textContent()).toMatch(
      /^The pipeline's clock: 2026-03-0\d \d\d:\d\d:\d\d, 60 times as fast as real time$/,
    )
    expect(live.clock.nowMs).toBeGreaterThan(ORIGIN_MS + MINUTE_MS)
    await page.close()
  })
})

async function openFirst(page: Page, list: string, text = 'Session'): Promise<void> {
  await page.locator(`#${list} .opener`).first().click()
  await page.locator('#session-view', { hasText: text }).waitFor()
}

async function focused(page: Page): Promise<string> {
  return String(await page.evaluate("document.activeElement?.textContent ?? ''"))
}
