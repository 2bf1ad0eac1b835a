// A real browser for tests: its path, or null with a word on the terminal where there is none.

import { existsSync } from 'node:fs'

/** Nothing that a browser does on its own account may be taken for the page's doing. */
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
  console.warn(`no Chromium at ${path} (CHROMIUM_BIN names another): the tests in a browser are skipped`)
  return null
}
