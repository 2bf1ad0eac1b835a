// Runs every small log with a right summary or reason through the deployed functions on emulators.

import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { logLines } from '../../local/replay/log-lines.ts'
import { runLocally } from '../integration/on-emulators.ts'
import { sharedPath } from '../support/shared.ts'
import { typed } from '../support/typed.ts'

interface Case {
  readonly summary?: Readonly<Record<string, unknown>>
  /** The only reason for which events are rejected. */
  readonly rejected?: string
}

const folder = sharedPath('cases')
const cases: Readonly<Record<string, Case>> =
  folder === null ? {} : JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8'))

async function recordsOf(name: string): Promise<Buffer[]> {
  const records: Buffer[] = []
  for await (const record of logLines(createReadStream(join(folder ?? '', name)))) records.push(record)
  return records
}

describe.skipIf(folder === null)('a log as people send it, through the deployed functions', () => {
  const known = Object.entries(cases).filter(([, one]) => one.summary !== undefined || one.rejected !== undefined)

  it.each(known)('%s has its summary', async (name, { summary: expected = {}, rejected }) => {
    const { summary } = await runLocally({}, await recordsOf(name))
    const { rejectedTotal, ...others } = expected
    expect(summary).toMatchObject(others)
    const counts: Readonly<Record<string, number>> = summary.rejected
    if (rejected !== undefined) expect(Object.keys(counts)).toEqual([rejected])
    if (rejectedTotal !== undefined)
      expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(rejectedTotal)
  })

  it('history-newest-first.ndjson is reported before it is sent, and accepted whole with --sort', async () => {
    const path = join(folder ?? '', 'history-newest-first.ndjson')
    const asItIs = await typed(['produce', path, '--dry-run'], '.')
    expect(asItIs.stderr).toContain('ingest would reject 44 of 60 events as too-late')
    const sorted = await typed(['local', '--events', path, '--sort'], '.')
    expect(sorted.stdout).toMatch(/^ {2}accepted +60$/m)
    expect(sorted.stdout).toMatch(/^sessions +30$/m)
    expect(sorted.stderr).toBe('')
  })
})
