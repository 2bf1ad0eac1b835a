// Runs the demo of a checkout whose packages lack the emulator of DynamoDB, as on a Mac.

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { EXIT } from '../../../terminal/exit-codes.ts'
import { startProcess, typed } from '../../support/typed.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const PACKAGES = 'node_modules'
const EMULATOR = '@dynoxide'

const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-no-emulator-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Copies the sources, and links all packages but the emulator. */
function copyWithoutEmulator(): void {
  const sources = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT })
  for (const path of sources.toString().split('\0').filter(Boolean)) {
    if (existsSync(join(ROOT, path))) cpSync(join(ROOT, path), join(folder, path))
  }
  mkdirSync(join(folder, PACKAGES))
  for (const name of readdirSync(join(ROOT, PACKAGES)).filter((found) => found !== EMULATOR)) {
    symlinkSync(join(ROOT, PACKAGES, name), join(folder, PACKAGES, name))
  }
}

/** Timers share pages by the time of day, so a few units differ. */
function withoutUnits(printed: string): string {
  return printed.replace(/(write units|for events|for rollups) +.*/g, '$1')
}

it('the demo prints the same figures, and one line on what it leaves out', async () => {
  copyWithoutEmulator()
  const program = join(folder, 'cli', 'search-ctr.mjs')
  const { status, stdout, stderr } = await startProcess(['demo'], { cwd: folder, program }).ended
  expect(status).toBe(EXIT.done)
  expect(stderr).toMatch(/^The steps run in memory, since no emulator of DynamoDB is installed for [^\n]+\n$/)
  const asked = await typed(['demo', '--memory'], folder)
  expect(withoutUnits(stdout)).toBe(withoutUnits(asked.stdout))
})
