// Finds a real browser for tests, and warns where there is none.

import { existsSync } from 'node:fs'

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
