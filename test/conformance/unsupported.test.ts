// Checks that the list of slow tests names tests that exist.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { TOO_SLOW } from './unsupported.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

it.each(TOO_SLOW)('finds the slow test "$test" in the folder that the list names', ({ file, test }) => {
  expect(existsSync(join(ROOT, file))).toBe(true)
  // A contract beside the file may hold the test.
  const folder = dirname(join(ROOT, file))
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
  expect(texts.join('')).toContain(`'${test}'`)
})
