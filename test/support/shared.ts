// The reference cases and the real log beside the project: their paths, or null with a word on the terminal where absent.

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export function sharedPath(path: string): string | null {
  const found = fileURLToPath(new URL(`../../../shared/${path}`, import.meta.url))
  if (existsSync(found)) return found
  console.warn(`shared/${path} is not beside the project: the tests that need it are skipped`)
  return null
}
