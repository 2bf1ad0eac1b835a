// `search-session-ctr local` as a user types it: mistakes, the summary, --keep and --data.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXIT } from '../../../terminal/exit-codes.ts'
import type { WatchFrame } from '../../../watch/watch-frame.ts'
import { type Running, start, startProcess, type Typed, typed, typedInProcess } from '../../support/typed.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
/** Paths of users have blanks, accents and other alphabets. */
const folder = mkdtempSync(join(tmpdir(), 'Prüf läufe 検索 '))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (args: readonly string[], input = '', env: Readonly<Record<string, string>> = {}): Promise<Typed> =>
  typed(args, ROOT, input, env)

describe('a mistake of the user', () => {
  it.each([
    [2, ['local'], '--events FILE is missing'],
    [2, ['local', 'events.ndjson'], "'search-session-ctr local --events events.ndjson'"],
    [1, ['local', '--events', '/no/such/file'], '/no/such/file: there is no such file'],
    [1, ['local', '--events', tmpdir()], 'is a folder'],
    [2, ['local', '--events', 'package.json', '--setting', 'gap=0'], "setting gap: '0' is not a duration of 1s to 1d"],
    [2, ['local', '--events', 'package.json', '--setting', 'gap'], 'Expected name=value'],
    [
      2,
      ['local', '--events', 'package.json', '--setting', 'gapp=1h'],
      "setting 'gapp' does not exist (did you mean gap?)",
    ],
    [
      2,
      ['local', '--events', 'package.json', '--setting', 'gpa=1h'],
      "setting 'gpa' does not exist (did you mean gap?)",
    ],
    [2, ['local', '--events', 'package.json', '--setting', 'x=1h'], "setting 'x' does not exist; the settings are gap"],
    [1, ['local', '--events', 'package.json', '--out', 'package.json/x'], 'the folder cannot be created'],
    [1, ['local', '--events', 'package.json', '--out', '/proc/x'], 'the folder cannot be created'],
    [1, ['local', '--keep', '/proc/x/local.json'], '; name a file in another folder'],
    [2, ['local', '--events', 'package.json', '--port', '0'], 'Expected a port'],
    [2, ['local', '--events', 'package.json', '--data', ''], 'Expected a path'],
    [2, ['local', '--events', 'package.json', '--out', ''], 'Expected a path'],
  ])('ends with exit code %d: %j prints one sentence', async (code, args, sentence) => {
    const { status, stderr, stdout } = await run(args)
    expect(status).toBe(code)
    expect(stderr).toContain(sentence)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(stdout).toBe('')
  })

  it('names an endpoint at which no service answers', async () => {
    const { status, stderr } = await run(['local', '--events', 'package.json'], '', {
      KINESIS_ENDPOINT: 'http://127.0.0.1:9',
    })
    expect(status).toBe(EXIT.failed)
    expect(stderr).toContain('127.0.0.1:9')
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  it.each([
    ['kinesis', 'kinesis is not the folder that a run leaves there'],
    ['dynamodb.sqlite', 'dynamodb.sqlite is not the database that a run leaves there'],
    ['positions.json', 'positions.json is not as a run leaves it'],
  ])('names a file %s in the data folder that no run has written', async (name, sentence) => {
    const data = mkdtempSync(join(folder, 'data-'))
    writeFileSync(join(data, name), 'junk')
    const { status, stderr } = await run(['local', '--events', 'package.json', '--data', data])
    expect(status).toBe(EXIT.failed)
    expect(stderr).toBe(`${join(data, sentence)}: give --data another folder\n`)
    expect(existsSync(join(data, 'lock'))).toBe(false)
  })

  // The emulator reports this failure outside of any call, so it ends a whole process.
  it('names a broken database of the stream', async () => {
    const data = mkdtempSync(join(folder, 'data-'))
    mkdirSync(join(data, 'kinesis'))
    writeFileSync(join(data, 'kinesis', 'CURRENT'), 'junk')
    const args = ['local', '--events', 'package.json', '--data', data]
    const { status, stderr } = await startProcess(args, { cwd: ROOT }).ended
    expect(status).toBe(EXIT.failed)
    expect(stderr).toContain('Failed: Corruption: CURRENT')
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  it('refuses a data folder beside endpoints that the user names', async () => {
    const { status, stderr } = await run(['local', '--events', 'package.json', '--data', folder], '', {
      S3_ENDPOINT: 'http://127.0.0.1:9',
    })
    expect([status, stderr]).toEqual([
      EXIT.failed,
      expect.stringMatching(/^--data stores what the emulators hold: .*\n$/),
    ])
  })

  it.each(['127.0.0.1:9', 'localhost:8000', 'emulator'])('refuses the endpoint %j', async (endpoint) => {
    const { status, stderr } = await run(['local', '--events', 'package.json'], '', { KINESIS_ENDPOINT: endpoint })
    expect(status).toBe(EXIT.failed)
    expect(stderr).toBe(`KINESIS_ENDPOINT=${endpoint} is not an address such as http://127.0.0.1:8000\n`)
  })

  it('names a busy port before it starts anything', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const busy = (first: number, env = {}): Promise<Typed> =>
      run(['local', '--events', 'package.json', '--port', String(first)], '', env)
    // A run that starts before it checks its ports fails at the endpoint, where nothing listens.
    const typed = [await busy(port), await busy(port - 3, { KINESIS_ENDPOINT: 'http://127.0.0.1:9' })]
    server.close()
    for (const [index, service] of ['Kinesis', 'Lambda'].entries()) {
      expect(typed[index]?.status).toBe(EXIT.failed)
      expect(typed[index]?.stderr).toContain(`port ${port}, for ${service}, is in use: choose four free ones`)
    }
  })
})

describe('local', () => {
  it('writes the summary and the results, counts a bad line, and prints nothing into a pipe', async () => {
    const log = join(folder, 'log.ndjson')
    writeFileSync(log, '{"type":"Search","user":1,"query":"dogs","time":"2026-03-02T00:00:00Z"}\nnot an event\n\n')
    const out = join(folder, 'out')
    expect(await run(['local', '--events', log, '--out', out])).toEqual({
      status: 0,
      stdout: '',
      stderr: 'line 2: not-json (1 event): not JSON\n    not an event\n',
    })
    const summary = JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8'))
    expect(summary).toMatchObject({ eventsIn: 2, accepted: 1, rejected: { 'not-json': 1 }, searches: 1, ctr: 0 })
    const rows = readFileSync(join(out, 'results.ndjson'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows.map((row) => row.sk.split('#')[0])).toEqual(['search', 'session'])
  })

  it('prints a table of a log from standard input', async () => {
    const { status, stdout } = await run(['local', '--events', '-'], '{"type":"Search","user":1,"query":"dogs"}\n')
    expect(status).toBe(EXIT.done)
    expect(stdout).toMatch(/^searches +1$/m)
    expect(stdout).toMatch(/^click-through rate +0\.0 %$/m)
    const [, total, events, rollups] =
      /^DynamoDB write units +(\d+)\n {2}for events +(\d+) .*\n {2}for rollups +(\d+)$/m.exec(stdout) ?? []
    expect(Number(total)).toBe(Number(events) + Number(rollups))
  })

  it('names the next step if ingest rejected the whole log', async () => {
    const { status, stderr } = await run(['local', '--events', '-'], '{"type":"Open"}\n7\n')
    expect(status).toBe(EXIT.findings)
    expect(stderr).toMatch(/^Ingest accepted none of 2 events\. .*docs\/events\.md.*\n$/m)
  })

  it('ends with exit code 3 and the reason if a log holds no event', async () => {
    const empty = await run(['local', '--events', '-', '--memory'], '\n')
    expect([empty.status, empty.stderr]).toEqual([EXIT.findings, 'Standard input is empty: it holds no event.\n'])
    const scrolls =
      '{"application":"a","action_name":"scroll","query_id":"q","client_id":"c","timestamp":"2026-03-02T09:00:00Z"}'
    const ignored = await run(['local', '--events', '-', '--memory'], scrolls)
    expect(ignored.status).toBe(EXIT.findings)
    expect(ignored.stderr).toContain('Standard input holds no event: all of its documents are ignored')
  })
})

describe('local --data', () => {
  const search = (user: number): string =>
    `${JSON.stringify({ type: 'Search', user, query: 'dogs', time: '2026-03-02T00:00:00Z', eventId: 'e' })}\n`
  const written = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }

  it('adds up the logs that runs replay into one folder, and refuses another log under a known name', async () => {
    const data = join(folder, 'data')
    const first = written('first.ndjson', `${search(1)}${search(2)}${search(1)}not an event\n`)
    const replay = (events: string) => run(['local', '--events', events, '--data', data, '--out', data])
    const summary = () => JSON.parse(readFileSync(join(data, 'summary.json'), 'utf8'))
    const rejected = 'line 4: not-json (1 event): not JSON\n    not an event\n'
    expect(await replay(first)).toMatchObject({ status: 0, stderr: rejected })
    expect(summary()).toMatchObject({ eventsIn: 4, accepted: 2, duplicates: 1, rejected: { 'not-json': 1 } })

    const replaced = `Replacing ${join(data, 'summary.json')} and ${join(data, 'results.ndjson')}.\n`
    expect(await replay(written('second.ndjson', search(2) + search(3)))).toMatchObject({ status: 0, stderr: replaced })
    const both = { eventsIn: 6, accepted: 3, duplicates: 2, rejected: { 'not-json': 1 }, users: 3 }
    expect(summary()).toMatchObject(both)

    expect(await replay(join(folder, 'x', '..', 'first.ndjson'))).toMatchObject({
      status: 0,
      stderr: replaced + rejected,
    })
    expect(summary()).toMatchObject(both)

    written('first.ndjson', search(7) + search(8) + search(9))
    const { status, stderr } = await replay(first)
    expect(status).toBe(EXIT.failed)
    expect(stderr).toBe(`${first} does not begin with the 4 lines that ${data} has of it: give --data another folder\n`)
  })
})

/** The environment of a user behind a proxy, far from UTC, without a language. */
const ELSEWHERE = {
  HTTP_PROXY: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  http_proxy: 'http://127.0.0.1:9',
  https_proxy: 'http://127.0.0.1:9',
  // From Node 24 on, its own requests go through the proxy then.
  NODE_USE_ENV_PROXY: '1',
  TZ: 'Pacific/Kiritimati',
  LANG: 'C',
  LC_ALL: 'C',
}

/** Returns the address that a command printed. */
function pageIn(printed: string): string {
  return /http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}\//.exec(printed)?.[0] ?? ''
}

/** Reads the frames of a live page up to one that fits. */
async function frameOf(address: string, fits: (frame: WatchFrame) => boolean): Promise<WatchFrame> {
  const ending = new AbortController()
  const { body } = await fetch(`${address}frames`, { signal: ending.signal })
  let text = ''
  try {
    for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part
      for (const [, json = ''] of text.matchAll(/^data: (.+)\n\n/gm)) {
        const frame = JSON.parse(json) as WatchFrame
        if (fits(frame)) return frame
      }
    }
  } finally {
    ending.abort()
  }
  throw new Error(`no frame fits:\n${text}`)
}

describe('local --open', () => {
  const log = join(folder, 'paced.ndjson')
  const START_MS = Date.parse('2026-03-02T09:00:00Z')
  beforeAll(() => {
    const events = [0, 40 * 60, 41 * 60].map((seconds, n) => ({
      type: 'Search',
      user: 'ann',
      query: `query ${n}`,
      eventId: `e${n}`,
      time: new Date(START_MS + seconds * 1000).toISOString(),
    }))
    writeFileSync(log, events.map((event) => JSON.stringify(event)).join('\n'))
  })

  it('prints its summary, and shows the run in memory until Ctrl-C', async () => {
    const running = start(['local', '--open', '--memory', '--events', log], { cwd: folder })
    await running.prints('The page stays until Ctrl-C.')
    expect(running.stdout()).toContain('searches              3')
    const address = pageIn(running.stderr())
    const { closed, clock } = await frameOf(address, (frame) => frame.rows.length === 5)
    expect(closed.map(({ reason, searches }) => [reason, searches])).toEqual([
      ['drain', 2],
      ['gap', 1],
    ])
    expect(clock.speed).toBe(1)
    running.interrupt()
    expect((await running.ended).status).toBe(EXIT.interrupted)
    await expect(fetch(address)).rejects.toThrow()
  })

  it('replays a log at its own pace with --speed, so that sessions close by themselves', async () => {
    const running = start(['local', '--open', '--speed', '86400', '--events', log], { cwd: folder })
    await running.prints('The page stays until Ctrl-C.')
    const { closed, clock } = await frameOf(pageIn(running.stderr()), (frame) => frame.rows.length === 5)
    expect(closed.map(({ reason }) => reason)).toEqual(['gap', 'gap'])
    expect(clock).toMatchObject({ speed: 0 })
    expect(clock.nowMs).toBeGreaterThan(START_MS + 72 * 60_000)
    running.interrupt()
    expect((await running.ended).status).toBe(EXIT.interrupted)
  })

  it('ends at Ctrl-C in the middle of a slow replay', async () => {
    const running = start(['local', '--open', '--speed', '1', '--events', log], { cwd: folder })
    await running.prints('Watch the local run')
    await frameOf(pageIn(running.stderr()), (frame) => frame.open.length === 1)
    running.interrupt()
    expect((await running.ended).status).toBe(EXIT.interrupted)
    expect(running.stdout()).toBe('')
  })
})

describe('local --keep', () => {
  const data = join(folder, 'stays up')
  let running: Running
  let endpoints: string[]

  beforeAll(async () => {
    running = startProcess(['local', '--keep', folder, '--data', data], { cwd: ROOT, env: ELSEWHERE })
    await running.prints('Open and closed sessions are in')
    endpoints = [...new Set(running.stdout().match(/http:\/\/127\.0\.0\.1:\d+/g))]
  })

  // A chosen test may leave out the one that ends the run.
  afterAll(async () => {
    running.interrupt()
    await running.ended
  })

  it('leaves its endpoints up', async () => {
    expect(endpoints).toHaveLength(4)
    for (const endpoint of endpoints) await expect(fetch(endpoint)).resolves.toBeDefined()
  })

  it('is reached without the proxy that the environment names', async () => {
    const log = join(folder, 'Straße.ndjson')
    writeFileSync(log, '{"type":"Search","user":"jörg","query":"hunde","time":"2026-03-02T00:00:00Z"}\n')
    // A file in this place forbids a record of what was sent.
    writeFileSync(join(folder, '.search-ctr'), '')
    const produced = await typedInProcess(['produce', log, '--local', folder], folder, '', ELSEWHERE)
    expect(produced).toMatchObject({ status: EXIT.done, stdout: '1 event sent to the local run.\n' })
    expect(produced.stderr).toMatch(/^There is no record of these lines in .*: the same command sends them again\.$/m)
  })

  it('is shown by watch with what it stores, until Ctrl-C', async () => {
    const watching = start(['watch', '--local', folder], { cwd: folder })
    await watching.prints('Ctrl-C ends the command.')
    const address = pageIn(watching.stderr())
    await frameOf(address, ({ events }) => events.length > 0)
    const log = join(folder, 'live.ndjson')
    writeFileSync(log, '{"type":"Search","user":"live","query":"now","time":"2026-03-02T00:00:00Z"}\n')
    await typed(['produce', log, '--local', folder], folder)
    const { open } = await frameOf(address, (frame) => frame.open.some(({ user }) => user === 'live'))
    expect(open.find(({ user }) => user === 'live')).toMatchObject({ events: 1, searches: 1, query: 'now' })
    await typed(['drain', '--local', folder], folder)
    const { rows } = await frameOf(address, (frame) => frame.rows.some(({ user }) => user === 'live'))
    expect(rows.filter(({ user }) => user === 'live').map(({ kind }) => kind)).toEqual(['session', 'search'])
    watching.interrupt()
    expect((await watching.ended).status).toBe(EXIT.interrupted)
    await expect(fetch(address)).rejects.toThrow()
  })

  it('lets no other run use its data folder', async () => {
    const { status, stderr } = await run(['local', '--events', 'package.json', '--data', data])
    expect(status).toBe(EXIT.failed)
    expect(stderr).toMatch(new RegExp(`^another run uses ${data} .*\n$`))
  })

  it('leaves nothing after Ctrl-C', async () => {
    running.interrupt()
    expect((await running.ended).status).toBe(EXIT.interrupted)
    for (const endpoint of endpoints) await expect(fetch(endpoint)).rejects.toThrow()
    expect(existsSync(join(folder, 'local.json'))).toBe(false)
    expect(existsSync(join(data, 'lock'))).toBe(false)
  })
})
