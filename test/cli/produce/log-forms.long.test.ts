// Checks that `local` reads each form of a log, and accepts late events with --sort or amendFor.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { LOG_FORMS, searchOf, toNdjson } from '../../support/log-forms.ts'
import { typed } from '../../support/typed.ts'

const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-forms-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const DAY_S = 24 * 3600

function written(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content)
  return name
}

describe('a form of a log', () => {
  it.each(LOG_FORMS)('is read by local: %s', async (name, content) => {
    const { status, stdout, stderr } = await typed(['local', '--events', written(name, content)], folder)
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^ {2}accepted +3$/m)
    expect(stdout).toMatch(/^searches +3$/m)
  })
})

describe('a log that is not in the order of time', () => {
  const newestFirst = Array.from({ length: 12 }, (_, n) => searchOf(n, (12 - n) * DAY_S))
  const file = written('newest-first.ndjson', toNdjson(newestFirst))
  const found = 'ingest would reject 4 of 12 events as too-late, the first in line 9. Add --sort to send it'

  it('is reported by local as ingest then rejects it, and accepted whole either way', async () => {
    const { stdout, stderr } = await typed(['local', '--events', file], folder)
    expect(stderr).toContain(found)
    expect(stdout).toMatch(/^ {2}rejected +4 \(too-late 4\)$/m)
    for (const more of [['--sort'], ['--setting', 'amendFor=11d']]) {
      const other = await typed(['local', '--events', file, ...more], folder)
      expect(other.stdout).toMatch(/^ {2}accepted +12$/m)
      expect(other.stderr).toBe('')
    }
  })
})
