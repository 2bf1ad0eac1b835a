// Checks which run `local` and `demo` open, and what they report where no emulator runs.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, describe, expect, it } from 'vitest'
import { type OpenedRun, openRun, type WantedRun } from '../../../cli/commands/open-run.ts'
import { notInstalled } from '../../../local/emulators/dynoxide-binary.ts'
import { EXIT } from '../../../terminal/exit-codes.ts'
import { UserError } from '../../../terminal/user-error.ts'
import { testTerminal, typed } from '../../support/typed.ts'

const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-open-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(
  join(folder, 'events.ndjson'),
  '{"type":"Search","user":"ann","query":"dogs","time":"2026-03-02T09:00:00Z"}\n{"type":"AppClose"}\n',
)

const LACK = notInstalled({ platform: 'darwin', arch: 'arm64' })

async function openedWithout(wanted: Partial<WantedRun>): Promise<OpenedRun & { readonly stderr: string }> {
  let stderr = ''
  const collect = new Writable({
    decodeStrings: false,
    write: (text, _, done) => {
      stderr += text
      done()
    },
  })
  const screen = {
    terminal: { ...testTerminal(), stderr: collect },
    progress: { show: () => {}, clear: () => {} },
  }
  const opened = await openRun({ settings: {}, memory: false, ...wanted }, screen, async () => LACK)
  return { ...opened, stderr }
}

describe('where no emulator of DynamoDB runs', () => {
  it('the run is in memory, and one line names what it leaves out and how to get all of it', async () => {
    const { local, stderr } = await openedWithout({})
    expect(local).toBeNull()
    expect(stderr).toMatch(
      /^The steps run in memory, since no emulator .*template, roles and wire formats.*docker run.*\n$/,
    )
    expect(stderr.split('\n')).toHaveLength(2)
  })

  it('a run in memory that the user asked for adds no line', async () => {
    expect((await openedWithout({ memory: true })).stderr).toBe('')
  })

  it('an option that needs the emulators is an error that names how to get them', async () => {
    const needsEmulators = 'a run in memory listens on no port, so --port needs the emulators'
    const opening = openedWithout({ needsEmulators })
    await expect(opening).rejects.toBeInstanceOf(UserError)
    await expect(opening).rejects.toThrow(`${needsEmulators}, and ${LACK.why}: ${LACK.remedy}`)
  })
})

describe('local --memory', () => {
  it('prints the summary with the units of tables in memory', async () => {
    const { status, stdout, stderr } = await typed(['local', '--events', 'events.ndjson', '--memory'], folder)
    expect(status).toBe(EXIT.done)
    expect(stdout).toMatch(/^DynamoDB write units +[1-9]\d*$/m)
    expect(stdout).toMatch(/^searches +1$/m)
    expect(stdout).toMatch(/^ {2}rejected +1 \(missing-field 1\)$/m)
    expect(stderr).toContain('missing-field')
  })

  it('writes the summary and the results', async () => {
    const args = ['local', '--events', '-', '--memory', '--setting', 'gap=10s', '--out', 'out']
    const { status } = await typed(args, folder, readFileSync(join(folder, 'events.ndjson'), 'utf8'))
    expect(status).toBe(EXIT.done)
    const read = (name: string): string => readFileSync(join(folder, 'out', name), 'utf8')
    expect(JSON.parse(read('summary.json'))).toMatchObject({ eventsIn: 2, accepted: 1, searches: 1 })
    expect(read('results.ndjson').trim().split('\n')).toHaveLength(2)
  })

  it('ends with findings when ingest accepted nothing', async () => {
    const { status, stderr } = await typed(['local', '--events', '-', '--memory'], folder, '{"type":"Nonsense"}\n')
    expect(status).toBe(EXIT.findings)
    expect(stderr).toContain('Ingest accepted none of 1 event.')
  })

  it.each([
    [['--keep'], '--memory: no other command can reach a run in memory, so --keep needs the emulators'],
    [['--port', '4566'], '--memory: a run in memory listens on no port, so --port needs the emulators'],
    [['--data', 'data'], '--memory: a run in memory stores nothing for a later run, so --data needs the emulators'],
    [['--chaos', '0.1'], '--memory: a run in memory calls no service that could fail, so --chaos needs the emulators'],
  ])('refuses %s in one sentence', async (option, sentence) => {
    const { status, stderr } = await typed(['local', '--events', 'events.ndjson', '--memory', ...option], folder)
    expect([status, stderr.split('\n')[0]]).toEqual([EXIT.wrongUsage, sentence])
  })
})

describe('demo --memory', () => {
  it('prints the figures of both tutorials and of the generated log, and writes the report', async () => {
    const { status, stdout, stderr } = await typed(['demo', '--memory'], folder)
    expect([status, stderr]).toEqual([EXIT.done, ''])
    expect(stdout).toContain('CTR 2/3 = 66.7 %')
    expect(stdout).toContain('User 2: 1 searches, 2 clicks  ->  2.0 a search')
    expect(stdout).toMatch(/events +\d+\n/)
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('</html>')
  })
})
