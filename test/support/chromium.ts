// Finds a real browser for tests, warns where there is none, and opens pages in it.

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'

/** Turns off what the browser does by itself, so that tests see only requests of the page. */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function chromiumPath(): string | null {
  const named = process.env.CHROMIUM_BIN
  const path = named ?? '/usr/bin/chromium'
  if (existsSync(path)) return path
  console.warn(`no Chromium at ${path} (set CHROMIUM_BIN to another path): the tests in a browser are skipped`)
  return null
}

export type Scheme = 'light' | 'dark'

/** A phone and a desktop, each in light and dark. */
export const VIEWS = [360, 1280].flatMap((width) =>
  (['light', 'dark'] as const).map((scheme) => [width, scheme] as const),
)

export interface OpenedPage {
  readonly page: Page
  /** Console messages, errors and refused requests, none of which should happen. */
  readonly complaints: string[]
}

/** @param isAllowed whether the page may send a request to the address. */
export async function openPage(
  browser: Browser,
  address: string,
  { width, scheme, isAllowed }: { width: number; scheme: Scheme; isAllowed: (address: string) => boolean },
): Promise<OpenedPage> {
  const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme: scheme })
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(`console ${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('request', (request) => {
    if (!isAllowed(request.url())) complaints.push(`request: ${request.url()}`)
  })
  await page.goto(address, { waitUntil: 'domcontentloaded' })
  return { page, complaints }
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Returns what axe finds wrong. Throws if it did not check contrasts, as on an empty page. */
export async function axeViolations(page: Page): Promise<(readonly [string, string[]])[]> {
  await page.evaluate(AXE)
  const { violations, passes } = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as {
    violations: { id: string; nodes: { target: string[] }[] }[]
    passes: { id: string }[]
  }
  if (!passes.some(({ id }) => id === 'color-contrast')) throw new Error('axe checked no contrast')
  return violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target.join(' '))] as const)
}

const TABS_MAX = 200

export async function tabTo(page: Page, selector: string): Promise<void> {
  for (let tabs = 0; tabs < TABS_MAX; tabs++) {
    await page.keyboard.press('Tab')
    if (await page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`)) return
  }
  throw new Error(`${TABS_MAX} tabs do not lead to ${selector}`)
}
