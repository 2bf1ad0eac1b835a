// Checks that `produce --dry-run` reads each form of a log, and that it and `local` report what is
// odd.

import { describe, expect, it } from 'vitest'
import { at } from '../../support/events.ts'
import {
  LOG_FORMS,
  toNdjson as lines,
  logFolder,
  NEWEST_FIRST,
  NEWEST_FIRST_FINDING,
  searchOf as search,
} from '../../support/log-forms.ts'
import { typed } from '../../support/typed.ts'
import { ubiClick, ubiEvent } from '../../support/ubi.ts'

const { folder, written } = logFolder()

describe('a form of a log', () => {
  it.each(LOG_FORMS)('is read by produce --dry-run: %s', async (name, content) => {
    const { status, stdout } = await typed(['produce', written(name, content), '--dry-run'], folder)
    expect([status, stdout]).toEqual([0, '3 good events. Nothing was sent.\n'])
  })

  it.each([
    ['produce', 'x.bz2', '--dry-run'],
    ['local', '--events', 'x.bz2'],
  ])('is named in one sentence where it cannot be read: %s', async (...args) => {
    written('x.bz2', 'BZh91AY&SY')
    const { status, stderr } = await typed(args, folder)
    expect(status).toBe(1)
    expect(stderr).toBe(
      'the log is packed with bzip2, expected JSON or CSV: convert it with bzip2 -dc FILE > events.ndjson\n',
    )
  })
})

describe('a log that is not in the order of time', () => {
  const file = written('newest-first.ndjson', NEWEST_FIRST)

  it('is reported by produce --dry-run, with a wider amendFor or --sort', async () => {
    const { stderr } = await typed(['produce', file, '--dry-run'], folder)
    expect(stderr).toContain(NEWEST_FIRST_FINDING)
    expect(stderr).toContain('or deploy with -c amendFor=11d.')
    expect((await typed(['produce', file, '--dry-run', '--sort'], folder)).stderr).toBe('')
  })

  it('is reported against the settings of the run', async () => {
    const { stderr } = await typed(['local', '--events', file, '--setting', 'lateEvents=divert'], folder)
    expect(stderr).toContain('ingest would reject 11 of 12 events as late, the first in line 2.')
    expect(stderr).not.toContain('amendFor=')
  })
})

describe('an odd line of a log', () => {
  it.each(['produce', 'local'])('is shown by its reason, the first of each: %s', async (command) => {
    const odd = [
      search(1),
      { ...search(2), searchID: 's' },
      { ...search(3), searchID: 's' },
      { index: {} },
      ubiEvent('hover'),
      { type: 'Nope', user: 'ann' },
    ]
    written('odd.ndjson', lines(odd))
    const args = command === 'produce' ? ['produce', 'odd.ndjson', '--dry-run'] : ['local', '--events', 'odd.ndjson']
    const { stdout, stderr } = await typed(args, folder)
    expect(stderr).toContain(
      'line 2: near miss (2 events): ingest ignores \'searchID\'; is searchId meant?\n    {"type"',
    )
    expect(stderr).toContain('line 4: ignored (1 document): bulk-action\n    {"index":{}}')
    expect(stderr).toContain('line 5: ignored (1 document): other-action\n    {')
    expect(stderr).toMatch(/^line 6: unknown-type.*\n {4}\{"type":"Nope","user":"ann"\}$/m)
    if (command === 'local') expect(stdout).toMatch(/^ignored documents +2 \(bulk-action 1, other-action 1\)$/m)
  })

  it('comes with the setting to change where a UBI ordinal is 0', async () => {
    written('zero.ndjson', lines([ubiClick('rover', 0)]))
    const { stderr } = await typed(['produce', 'zero.ndjson', '--dry-run'], folder)
    expect(stderr).toContain("near miss (1 event): ingest ignores 'ordinal 0'; set ubiOrdinalsFrom, such as shop=0,")
  })

  it('is reported at once if the first thousand events have no usable time', async () => {
    const events = Array.from({ length: 1001 }, (_, n) => ({ ...search(n), time: at(n) / 1000 }))
    written('seconds.ndjson', lines(events))
    const { stderr } = await typed(['produce', 'seconds.ndjson', '--dry-run'], folder)
    expect(stderr).toContain('No event of the first 1000 has a usable time: line 1: time: ')
    expect(stderr.match(/usable time/g)).toHaveLength(1)
  })
})
