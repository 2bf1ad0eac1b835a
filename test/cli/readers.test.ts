// Every command prints what a new user expects of one local run that stays up.

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { localClients } from '../../local/emulators/clients.ts'
import { EXIT } from '../../terminal/exit-codes.ts'
import { itemsOf } from '../integration/on-emulators.ts'
import { objectsIn, PROGRAM, start, type Typed, typed } from '../support/typed.ts'

const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-readers-'))
const log = (name: string, events: readonly unknown[]): string => {
  writeFileSync(join(folder, name), events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  return name
}
const ann = (n: number, fields: object) => ({
  user: 'ann',
  time: `2026-03-02T09:0${n}:00Z`,
  eventId: `a${n}`,
  ...fields,
})
const ANN = [
  ann(0, { type: 'Search', query: 'dogs', labels: { application: 'shop' } }),
  ann(1, { type: 'Results', items: ['fido', 'rover'] }),
  ann(2, { type: 'ClickResult', item: 'rover' }),
  ann(3, { type: 'Search', query: 'Red  Cats', searchId: 's2' }),
  ann(4, { type: 'AppClose' }),
]
const BEN = { user: 'ben', time: '2026-03-02T12:00:00Z', eventId: 'b1', type: 'Search', query: 'dogs' }

let run: ReturnType<typeof spawn>
let printed = ''
const ended = () => new Promise((resolve) => run.once('close', resolve))
const local = (...args: string[]): Promise<Typed> => typed([...args, '--local'], folder)

const UNTIL_MS_MAX = 60_000

/** Types the command until its answer is right: the functions run in processes of their own. */
async function until(args: string[], isRight: (objects: Record<string, unknown>[]) => boolean) {
  for (const endMs = Date.now() + UNTIL_MS_MAX; Date.now() < endMs; ) {
    const objects = objectsIn((await local(...args, '--json')).stdout)
    if (isRight(objects)) return objects
  }
  throw new Error(`${args.join(' ')} did not print it within a minute`)
}

beforeAll(async () => {
  log('ann.ndjson', ANN)
  run = spawn(
    process.execPath,
    [PROGRAM, 'local', '--events', 'ann.ndjson', '--keep', '--setting', 'segments=application'],
    { cwd: folder },
  )
  run.stderr?.on('data', (text) => {
    printed += text
  })
  await new Promise<void>((resolve, reject) => {
    run.stdout?.on('data', (text) => {
      printed += text
      if (printed.includes('Open and closed sessions are in')) resolve()
    })
    run.once('close', () => reject(new Error(printed)))
  })
})

afterAll(async () => {
  if (run.exitCode === null) {
    run.kill('SIGINT')
    await ended()
  }
  rmSync(folder, { recursive: true, force: true })
})

describe('a local run that stays up', () => {
  it('prints what to type, and leaves a file that other commands read and Git ignores', () => {
    expect(printed).toContain('search-session-ctr produce events.ndjson --local')
    expect(existsSync(join(folder, '.search-ctr/local.json'))).toBe(true)
    expect(readFileSync(join(folder, '.search-ctr/.gitignore'), 'utf8')).toBe('*\n')
  })

  it('is not started twice over one file', async () => {
    const { status, stderr } = await typed(['local', '--keep'], folder)
    expect([status, stderr]).toEqual([
      EXIT.failed,
      expect.stringMatching(/belongs to another run \(process \d+\): stop it/),
    ])
  })
})

describe('results', () => {
  it('are the rows of a user, the newest first, as a table without colours and as JSON', async () => {
    const table = await local('results', '--user', 'ann')
    expect(table).toMatchObject({ status: EXIT.done, stderr: '' })
    expect(table.stdout).not.toContain('\u001b')
    expect(table.stdout.split('\n').map((line) => line.split(/ {2,}/).slice(2, 5))).toMatchObject([
      ['query', 'clicked', 'satisfied'],
      [expect.stringContaining('Red'), expect.anything(), expect.anything()],
      ['dogs', 'yes', 'yes'],
      [],
    ])
    const rows = objectsIn((await local('results', '--user', 'ann', '--json')).stdout)
    expect(rows).toMatchObject([
      { pk: 'user#ann', kind: 'search', query: 'Red  Cats', clicked: 0 },
      { pk: 'user#ann', kind: 'search', query: 'dogs', clicked: 1, clicked_positions: '2' },
    ])
    expect(rows[0]).not.toHaveProperty('expires_at')
  })

  it.each([
    [['--query', ' red cats'], 1],
    [['--day', '2026-03-02'], 2],
    [['--day', '2026-03-03'], 0],
    [['--since', '2026-03-02T09:01:00Z'], 1],
    [['--since', '1h'], 0],
    [['--limit', '1'], 1],
    [['--segment', 'application=shop'], 1],
    [['--segment', 'application=(none)', '--query', 'red cats'], 1],
    [['--segment', 'application=blog'], 0],
    [['--sessions'], 1],
  ])('are narrowed by %j to %d', async (options, count) => {
    const { status, stdout } = await local('results', '--user', 'ann', ...options, '--json')
    expect(status).toBe(EXIT.done)
    expect(objectsIn(stdout)).toHaveLength(count)
  })

  it.each([
    [['--day', '2026-03-02'], 2],
    [['--day', '2026-03-02', '--query', 'RED cats'], 1],
    [['--day', '2026-03-02', '--sessions'], 1],
    [['--day', '2026-03-02', '--segment', 'application=shop'], 1],
    [['--day', '2026-03-02', '--segment', 'application='], 1],
    [['--day', '2026-03-02', '--since', '2026-03-02T09:03:00Z'], 1],
    [['--since', '12h'], 0],
  ])('are narrowed for all users by %j to %d', async (options, count) => {
    const { status, stdout } = await local('results', ...options, '--json')
    expect(status).toBe(EXIT.done)
    const rows = objectsIn(stdout)
    expect(rows).toHaveLength(count)
    const ofAnn = objectsIn((await local('results', '--user', 'ann', ...options, '--json')).stdout)
    expect(rows).toEqual(ofAnn)
  })

  it('are none for a user without rows, which is no failure', async () => {
    const { status, stdout, stderr } = await local('results', '--user', 'zoe')
    expect([status, stdout]).toEqual([EXIT.done, ''])
    expect(stderr).toMatch(/^There are no such results of this user in the local run\. .* --user zoe --open --local'/)
  })
})

describe('sessions', () => {
  it('are decoded, with the reason for the search that each click counts for', async () => {
    const [session] = objectsIn((await local('sessions', '--user', 'ann', '--json')).stdout)
    expect(session).toMatchObject({ user: 'ann', state: 'closed', close_reason: 'app_close', searches: 2 })
    expect(session?.events).toMatchObject([
      { type: 'Search', query: 'dogs' },
      { type: 'Results', result_count: 2, of_query: 'dogs' },
      { type: 'ClickResult', item: 'rover', position: 2, of_query: 'dogs', evidence: 'item' },
      { type: 'Search', search_id: 's2' },
      { type: 'AppClose' },
    ])
    const { stdout } = await local('sessions', '--user', 'ann')
    expect(stdout).toMatch(/ClickResult +rover at 2, of "dogs", by the list that shows it/)
  })

  it('are none for an unknown user or for one with closed ones only, each with a next step', async () => {
    expect((await local('sessions', '--user', 'Ann')).stderr).toMatch(
      /^There are no sessions of this user in the local run: .*'search-session-ctr dead-letters list --local'/,
    )
    expect((await local('sessions', '--user', 'ann', '--open')).stderr).toMatch(/^There are no open sessions .*--open/)
  })
})

describe('report', () => {
  it('leaves the file as it was if the days have no searches', async () => {
    writeFileSync(join(folder, 'earlier.html'), 'earlier')
    const days = ['--from', '2020-01-01', '--to', '2020-01-02']
    const { status, stdout, stderr } = await local('report', ...days, '--out', 'earlier.html')
    expect([status, stdout, readFileSync(join(folder, 'earlier.html'), 'utf8')]).toEqual([EXIT.failed, '', 'earlier'])
    expect(stderr).toMatch(/^There are no searches from 2020-01-01 to 2020-01-02 in the local run/)
  })

  it('names the folder that does not exist', async () => {
    const { status, stderr } = await local('report', '--out', 'missing/report.html')
    expect([status, stderr]).toEqual([
      EXIT.failed,
      `--out missing/report.html: the folder ${join(folder, 'missing')} does not exist\n`,
    ])
  })
})

describe('produce', () => {
  it('sends events through the functions, and tail prints their results as they are written', async () => {
    const bens = log('ben.ndjson', [BEN, { user: 'ben', type: 'Search' }])
    const sent = await local('produce', bens)
    expect(sent).toMatchObject({ status: EXIT.findings, stdout: '1 event sent to the local run.\n' })
    expect(sent.stderr).toContain('line 2: missing-field: query: required')
    await until(['sessions', '--user', 'ben', '--open'], (sessions) => sessions.length === 1)
    expect((await local('doctor')).status).toBe(EXIT.done)

    const asked = ['tail', '--user', 'ben', '--every', '1', '--limit', '2', '--json', '--local']
    const tail = start(asked, { cwd: folder })
    await tail.prints('Waiting for results')
    expect(await local('drain', '--json')).toMatchObject({
      status: EXIT.done,
      stdout: '{"closed":1,"users":1,"unreadable":0}\n',
    })
    expect((await until(['results', '--user', 'ben'], (rows) => rows.length > 0))[0]).toMatchObject({ query: 'dogs' })
    const { status, stdout } = await tail.ended
    expect(status).toBe(EXIT.done)
    expect(
      objectsIn(stdout)
        .map(({ user, kind }) => `${user} ${kind}`)
        .sort(),
    ).toEqual(['ben search', 'ben session'])
  })

  it('sends only the new lines of a log, or all of them with --again', async () => {
    const file = log('cleo.ndjson', [{ ...BEN, user: 'cleo' }])
    expect((await local('produce', file, '--json')).stdout).toContain('"events":1')
    expect((await local('produce', file)).stdout).toMatch(/^Nothing new in cleo.ndjson/)
    log('cleo.ndjson', [
      { ...BEN, user: 'cleo' },
      { ...BEN, user: 'cleo', eventId: 'b2' },
    ])
    const more = await local('produce', file)
    expect(more).toMatchObject({
      stdout: '1 event sent to the local run.\n',
      stderr: expect.stringMatching(/^1 line of cleo/),
    })
    expect((await local('produce', file, '--again')).stdout).toMatch(/^2 events/)
  })

  it('stops at the first bad event with --strict, and only checks events with --dry-run', async () => {
    const file = log('bad.ndjson', [
      { ...BEN, user: 'dan' },
      { type: 'Nope', user: 'dan' },
    ])
    const strict = await typed(['produce', file, '--strict', '--dry-run'], folder)
    expect(strict).toMatchObject({
      status: EXIT.failed,
      stdout: '',
      stderr: expect.stringContaining('line 2: unknown-type'),
    })
    const dry = await typed(['produce', file, '--dry-run'], folder)
    expect(dry).toMatchObject({ status: EXIT.findings, stdout: '1 good event. Nothing was sent.\n' })
  })

  it('sends the events of the generator, which are the same for the same seed', async () => {
    const args = ['generate', '--users', '5', '--seed', '3']
    const { stdout } = await typed(args, folder)
    expect((await typed(args, folder)).stdout).toBe(stdout)
    const sent = await typed(['produce', '-', '--local', '--json'], folder, stdout)
    expect(objectsIn(sent.stdout)).toMatchObject([{ events: objectsIn(stdout).length, bad: 0, withoutTime: 0 }])
    expect(sent.status).toBe(EXIT.done)
  })
})

describe('dead letters', () => {
  it('are listed with their reason, shown whole, found by the doctor and redriven', async () => {
    await typed(['produce', '-', '--local'], folder, '[{"type":"AppOpen","user":"eve"},{"type":"Nope","user":"eve"}]\n')
    const [deadLetter] = await until(['dead-letters', 'list'], (found) => found.length > 0)
    expect(deadLetter).toMatchObject({ reason: 'unknown-type', subSequence: 1, text: '{"type":"Nope","user":"eve"}' })
    const listed = await local('dead-letters', 'list', '--reason', 'unknown-type')
    expect(listed.stdout).toContain('{"type":"Nope","user":"eve"}')
    expect(listed.stderr).toBe('1 unknown-type\n')
    expect((await local('dead-letters', 'list', '--reason', 'late')).stdout).toBe('')
    const shown = await local('dead-letters', 'show', String(deadLetter?.key))
    expect(shown.stdout).toMatch(/from +shardId-000000000000, record \d+, event 1\n\{"type":"Nope"/)

    const doctor = await local('doctor', '--json')
    expect(doctor.status).toBe(EXIT.findings)
    const findings = objectsIn(doctor.stdout)
    expect(findings.filter(({ status }) => status !== 'ok')).toMatchObject([
      {
        check: 'dead letters',
        message: expect.stringMatching(/^1 unknown-type since yesterday, for example type: expected one of AppOpen/),
        next: expect.stringContaining('dead-letters list'),
      },
    ])
    const again = await local('dead-letters', 'redrive', '--json')
    expect(again.status).toBe(EXIT.findings)
    expect(objectsIn(again.stdout)).toMatchObject([{ objects: 1, records: 1, refused: 1, failed: 0 }])
  })
})

describe('refinalize', () => {
  it('brings back the rows that finalize did not write or remove, and changes nothing after that', async () => {
    const { endpoints, outputs } = JSON.parse(readFileSync(join(folder, '.search-ctr/local.json'), 'utf8'))
    const clients = localClients(endpoints)
    const table = outputs.ResultsTableName as string
    const items = () => itemsOf<Record<string, unknown>>(clients.dynamodb, table, 'user#fay')
    const rows = async () => {
      const present = (await items()).filter(({ kind }) => kind !== 'removed')
      // A row expires some time after it was written.
      return present.map(({ expires_at, ...row }) => row)
    }
    const close = async (events: readonly object[], sessions: number) => {
      await local('produce', log(`fay-${sessions}.ndjson`, events))
      await until(['sessions', '--user', 'fay', '--open'], (open) => open.length > 0)
      await local('drain')
      await until(['results', '--user', 'fay', '--sessions'], (found) => found.length === sessions)
    }
    const fay = (time: string) => ({ ...BEN, user: 'fay', time: `2026-03-04T${time}:00Z`, eventId: time })
    try {
      await close([fay('09:00'), fay('10:00')], 2)
      const earlier = await rows()
      // It joins both sessions.
      await close([fay('09:30')], 1)
      const merged = await rows()

      for (const { pk, sk } of await items())
        await clients.dynamodb.send(new DeleteCommand({ TableName: table, Key: { pk, sk } }))
      for (const row of earlier.slice(1)) await clients.dynamodb.send(new PutCommand({ TableName: table, Item: row }))
      const again = await local('refinalize', '--user', 'fay', '--json')
      expect(again).toMatchObject({ status: EXIT.done, stdout: '{"users":1,"sessions":1,"rowsRemoved":1}\n' })
      expect(await rows()).toEqual(merged)
      const ofDay = await local('refinalize', '--day', '2026-03-04', '--yes', '--json')
      expect(ofDay).toMatchObject({ status: EXIT.done, stdout: '{"users":1,"sessions":1,"rowsRemoved":0}\n' })
      expect(await rows()).toEqual(merged)
    } finally {
      clients.close()
    }
  })
})

describe('a pipe that its reader closes', () => {
  it('ends the command without an error', async () => {
    const command = `'${process.execPath}' '${PROGRAM}' generate --users 2000 | head -1`
    const child = spawn('bash', ['-o', 'pipefail', '-c', command], { cwd: folder })
    let stderr = ''
    child.stderr.on('data', (text) => {
      stderr += text
    })
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0)
    expect(stderr).toBe('')
  })
})

describe('after Ctrl-C', () => {
  it('leaves no file of the run, and commands print that it has ended', async () => {
    run.kill('SIGINT')
    expect(await ended()).toBe(EXIT.interrupted)
    expect(existsSync(join(folder, '.search-ctr/local.json'))).toBe(false)
    const { status, stderr } = await local('results', '--user', 'ann')
    expect([status, stderr]).toEqual([EXIT.failed, expect.stringContaining('there is no local run')])
    expect((await local('doctor')).status).toBe(EXIT.findings)
  })
})
