// Checks that the list of slow tests names tests that exist.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { TOO_SLOW } from './unsupported.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

it.each(TOO_SLOW)('finds the slow test "$test" in the file that the list names', ({ file, test }) => {
  // A shared contract may hold the test beside the file that runs it.
  const contract = file.replace('.test.ts', '-contract.ts')
  const texts = [file, contract]
    .map((path) => join(ROOT, path))
    .filter(existsSync)
    .map((path) => readFileSync(path, 'utf8'))
  expect(texts.join('')).toContain(`'${test}'`)
})
