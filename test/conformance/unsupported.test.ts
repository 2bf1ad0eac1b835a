// Checks that the list of slow tests names tests that exist.

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { TOO_SLOW } from './unsupported.ts'

it.each(TOO_SLOW)('finds the slow test "$test" in the file that the list names', ({ file, test }) => {
  // A shared contract may hold the test beside the file that runs it.
  const contract = file.replace('.test.ts', '-contract.ts')
  const texts = [file, contract].map((path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'))
  expect(texts.join('')).toContain(`'${test}'`)
})
