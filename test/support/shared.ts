// Finds the reference cases and the real log that may lie beside the project.

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Returns null and prints a warning when the path does not exist. */
export function sharedPath(path: string): string | null {
  const found = fileURLToPath(new URL(`../../../shared/${path}`, import.meta.url))
  if (existsSync(found)) return found
  console.warn(`shared/${path} is not beside the project: the tests that need it are skipped`)
  return null
}
