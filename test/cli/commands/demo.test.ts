// Checks what `demo` does where it cannot write its report.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { EXIT } from '../../../terminal/exit-codes.ts'
import { typed } from '../../support/typed.ts'

it('the demo prints its figures where it cannot write its report', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-demo-'))
  mkdirSync(join(folder, 'report.html'))
  const { status, stdout, stderr } = await typed(['demo', '--memory'], folder)
  rmSync(folder, { recursive: true })
  expect(status).toBe(EXIT.done)
  expect(stdout).toContain('click-through rate by hour')
  expect(stderr).toContain(`${join(folder, 'report.html')} cannot be written (it is a folder).`)
})
