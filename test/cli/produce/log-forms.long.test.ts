// Checks that `local` reads each form of a log, and accepts late events with --sort or amendFor.

import { describe, expect, it } from 'vitest'
import { LOG_FORMS, logFolder, NEWEST_FIRST, NEWEST_FIRST_FINDING } from '../../support/log-forms.ts'
import { typed } from '../../support/typed.ts'

const { folder, written } = logFolder()

describe('a form of a log', () => {
  it.each(LOG_FORMS)('is read by local: %s', async (name, content) => {
    const { status, stdout, stderr } = await typed(['local', '--events', written(name, content)], folder)
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^ {2}accepted +3$/m)
    expect(stdout).toMatch(/^searches +3$/m)
  })
})

describe('a log that is not in the order of time', () => {
  const file = written('newest-first.ndjson', NEWEST_FIRST)

  it('is reported by local as ingest then rejects it, and accepted whole either way', async () => {
    const { stdout, stderr } = await typed(['local', '--events', file], folder)
    expect(stderr).toContain(NEWEST_FIRST_FINDING)
    expect(stdout).toMatch(/^ {2}rejected +4 \(too-late 4\)$/m)
    for (const more of [['--sort'], ['--setting', 'amendFor=11d']]) {
      const other = await typed(['local', '--events', file, ...more], folder)
      expect(other.stdout).toMatch(/^ {2}accepted +12$/m)
      expect(other.stderr).toBe('')
    }
  })
})
