// Tests that each bundle of the speed measurements can be made from the functions' handlers.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { makeBundle } from '../../../bench/speed/bundles.ts'
import { STEPS } from '../../../infra/bundle.ts'

const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it.each([...STEPS, 'bare', 'empty'] as const)('makes the bundle of %s, and counts what it reads at start', (bundle) => {
  const { startBytes, allBytes } = makeBundle(bundle, folder)
  expect(startBytes).toBeGreaterThan(0)
  expect(allBytes).toBeGreaterThanOrEqual(startBytes)
})
