// Tests the comparison with peers: which sessions and searches agree, why others do not, and what
// the report shows of peers that are missing or fail.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compare, countsOf, WHY } from '../../../bench/peers/agreement.ts'
import { bytewaxVersion } from '../../../bench/peers/bytewax.ts'
import { flinkVersion } from '../../../bench/peers/flink.ts'
import { type FoundSession, parseFound } from '../../../bench/peers/found-session.ts'
import { orFailed, orSkipped } from '../../../bench/peers/left-out-peers.ts'
import { cpuSecondsOf, measureProcess, peakMegabytesOf } from '../../../bench/peers/measured-process.ts'
import { ownSessions } from '../../../bench/peers/own-sessions.ts'
import { fillOnce, missingText, PeerMissingError, runProgram } from '../../../bench/peers/peer.ts'
import { hardLog } from '../../../bench/peers/peer-logs.ts'
import type { PeerRun } from '../../../bench/peers/peers.ts'
import { peersText } from '../../../bench/peers/peers-text.ts'
import { UserError } from '../../../terminal/user-error.ts'

/** The signal of a program that no test ends early. */
const NEVER = new AbortController().signal

function session(events: string, fields: Partial<FoundSession> = {}): FoundSession {
  return { user: 'ann', events: events.split(' '), searches: [], clicks: 0, ...fields }
}

describe('the comparison of sessions', () => {
  it('counts two sessions as the same if they have the same events of the same user', () => {
    expect(compare([session('a b')], [session('b a a')])).toEqual({
      sameSessions: 1,
      sameSearches: 0,
      differences: [],
    })
    expect(compare([session('a')], [session('a', { user: 'bob' })]).sameSessions).toBe(0)
  })

  it.each([
    ['app_close', WHY.closer],
    ['timeout', WHY.closer],
    ['max_events', WHY.limit],
    ['max_duration', WHY.limit],
    ['gap', WHY.unexplained],
  ])('explains a session that ends with %s only on our side', (ended, why) => {
    const { differences } = compare([session('a b', { ended }), session('c', { ended: 'gap' })], [session('a b c')])
    expect(differences).toEqual([{ of: 'sessions', why, ours: 2, theirs: 1 }])
  })

  it('explains sessions that the peer does not join, because it dropped a late event', () => {
    const { differences } = compare([session('a b c')], [session('a'), session('c')])
    expect(differences).toEqual([{ of: 'sessions', why: WHY.dropped, ours: 1, theirs: 2 }])
  })

  it('names every reason if there are several', () => {
    const { differences } = compare([session('a b', { ended: 'timeout' }), session('c d')], [session('a b d')])
    expect(differences).toEqual([{ of: 'sessions', why: `${WHY.closer}; ${WHY.dropped}`, ours: 2, theirs: 1 }])
  })

  it('explains a session whose event ours rejects', () => {
    const { differences } = compare([], [session('a')])
    expect(differences).toEqual([{ of: 'sessions', why: WHY.rejected, ours: 0, theirs: 1 }])
  })
})

describe('the comparison of searches', () => {
  it('counts two searches as the same if both have a click or neither has', () => {
    const both = [
      session('a b', {
        searches: [
          ['a', 1],
          ['b', 0],
        ],
      }),
    ]
    expect(compare(both, both)).toMatchObject({ sameSearches: 2, differences: [] })
  })

  it.each<[string, FoundSession, FoundSession, { ours: number; theirs: number }]>([
    [WHY.named, session('a b', { searches: [['a', 1]] }), session('a b', { searches: [['a', 0]] }), both(1)],
    [WHY.dropped, session('a b', { searches: [['a', 1]] }), session('b'), { ours: 1, theirs: 0 }],
    [WHY.inOther, session('a b', { searches: [['a', 1]] }), session('a', { searches: [['a', 0]] }), both(1)],
    [WHY.repeatedId, session('a b'), session('a b', { searches: [['b', 0]] }), { ours: 0, theirs: 1 }],
    [WHY.rejected, session('a'), session('a b', { searches: [['b', 0]] }), { ours: 0, theirs: 1 }],
  ])('explains a search that differs: %s', (why, our, their, counts) => {
    const { differences } = compare([our], [their])
    expect(differences.filter(({ of }) => of === 'searches')).toEqual([{ of: 'searches', why, ...counts }])
  })

  it('explains a search that was sent twice, and takes its click from either', () => {
    const their = session('a a', {
      searches: [
        ['a', 0],
        ['a', 1],
      ],
    })
    expect(compare([session('a', { searches: [['a', 1]] })], [their])).toEqual({
      sameSessions: 1,
      sameSearches: 1,
      differences: [{ of: 'searches', why: WHY.sentTwice, ours: 0, theirs: 1 }],
    })
  })

  it('computes the CTR from searches with a click, and none without searches', () => {
    const searches = [
      ['a', 1],
      ['b', 0],
    ] as const
    expect(countsOf([session('a b', { searches, clicks: 3 }), session('c')])).toEqual({
      sessions: 2,
      sessionsWithSearch: 1,
      searches: 2,
      searchesWithClick: 1,
      ctr: 0.5,
      clicks: 3,
    })
    expect(countsOf([]).ctr).toBeNull()
  })
})

function both(count: number): { ours: number; theirs: number } {
  return { ours: count, theirs: count }
}

describe('a line that a peer writes', () => {
  it('is read as a session', () => {
    const line = '{"user":"ann","events":["a"],"searches":[["a",1]],"clicks":1}'
    expect(parseFound(line)).toEqual(session('a', { searches: [['a', 1]], clicks: 1 }))
  })

  it.each(['no JSON', 'null', '{}', '{"user":"ann","events":"a","searches":[],"clicks":0}'])(
    'fails the bench if it is no session: %s',
    (line) => {
      expect(() => parseFound(line)).toThrow('a peer wrote a line that is no session')
    },
  )
})

describe('a peer that is missing', () => {
  it('is skipped with one line that names the missing program', async () => {
    const skipped: string[] = []
    const install = () => runProgram('no-such-program-here', ['--version'], NEVER)
    expect(await orSkipped('Bytewax', install, skipped)).toBeNull()
    expect(skipped).toEqual(['Bytewax is skipped: no-such-program-here is not installed'])
  })

  it('is reported by the first line that names an error, or else by the last', () => {
    const stderr = 'one\n\nERROR: no matching distribution\nERROR: another\nhint'
    expect(missingText('/somewhere/bin/python', { code: 1, stderr })).toBe('python: ERROR: no matching distribution')
    expect(missingText('mvn', { code: 1, stdout: '\u001b[0m[ERROR] no artifact\n[ERROR] help' })).toBe(
      'mvn: [ERROR] no artifact',
    )
    expect(missingText('mvn', { code: 1, stderr: 'one\ntwo\n' })).toBe('mvn: two')
    expect(missingText('mvn', { code: 1, stderr: '' })).toBe('mvn: ended with 1')
  })

  it('is not reported for a defect, which ends the bench', async () => {
    for (const leftOut of [orSkipped, orFailed]) {
      await expect(leftOut('Bytewax', () => Promise.reject(new TypeError('defect')), [])).rejects.toThrow('defect')
    }
  })
})

describe('a peer that fails while it runs', () => {
  it('is reported with the first line of its error output that names an error', async () => {
    const lines: string[] = []
    const errors = 'ended with 1: \nTraceback\n  File "x"\nModuleNotFoundError: no bytewax\n'
    expect(await orFailed('Bytewax', () => Promise.reject(new UserError(errors)), lines)).toBeNull()
    expect(lines).toEqual(['Bytewax failed: ModuleNotFoundError: no bytewax'])
  })
})

describe('the version of a peer', () => {
  it('is the pinned one', () => {
    expect(bytewaxVersion('# bytewax==0.1\nother==2\nbytewax==1.2.3\n')).toBe('1.2.3')
    expect(flinkVersion('<properties>\n<flink.version>4.5.6</flink.version>\n')).toBe('4.5.6')
  })

  it('is an error where no version is pinned', () => {
    expect(() => bytewaxVersion('bytewax>=1')).toThrow('pins no version')
    expect(() => flinkVersion('<project/>')).toThrow('names no version')
  })
})

describe('the packages of a peer', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'search-session-ctr-peers-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('are fetched anew after an interruption, and then never again', async () => {
    let fills = 0
    const fill = async (): Promise<void> => {
      if (++fills === 1) throw new PeerMissingError('interrupted')
    }
    await expect(fillOnce(join(folder, 'new'), fill)).rejects.toThrow('interrupted')
    for (let run = 0; run < 2; run++) await fillOnce(join(folder, 'new'), fill)
    expect(fills).toBe(2)
  })

  it('count as missing if their folder cannot be made', async () => {
    await writeFile(join(folder, 'file'), '')
    const filled = fillOnce(join(folder, 'file', 'new'), async () => {})
    await expect(filled).rejects.toThrow(PeerMissingError)
    await expect(filled).rejects.toThrow('its packages cannot be stored (ENOTDIR')
  })
})

describe('the report', () => {
  const start = { seconds: 1, cpuSeconds: 1, peakMegabytes: 50 }
  const ours = [session('a', { ended: 'timeout' }), session('b')]
  const run = (name: string, found: readonly FoundSession[], hasRules: boolean): PeerRun => ({
    ...{ name, seconds: 2, cpuSeconds: 1.5, eventsPerSecond: 1000, peakMegabytes: 99, start },
    counts: countsOf(found),
    agreement: compare(ours, found),
    byTheirRules: hasRules ? { sessions: 1, searches: 0, agreement: compare(found, found) } : null,
  })

  it('begins with a line for each skipped peer, and still shows ours', () => {
    const logs = [{ name: 'hard', events: 2, runs: [run('ours', ours, false)] }]
    const lines = peersText({ oneCore: false, skipped: ['Bytewax is skipped: no'], notes: ['A note.'], logs }).split(
      '\n',
    )
    expect(lines[0]).toBe('Bytewax is skipped: no')
    expect(lines[1]).toMatch(/^Each runs on all cores, because taskset is missing\./)
    expect(lines[2]).toBe('A note.')
    expect(lines).toContainEqual(expect.stringMatching(/^ours +1000 +2\.0 +1\.5 +99 +1\.0 +50$/))
  })

  it('shows why a peer differs, the agreement by its rules, and refers to an equal peer', () => {
    const theirs = [session('a b')]
    const runs = [run('ours', ours, false), run('one', theirs, true), run('two', theirs, true)]
    const text = peersText({ oneCore: true, skipped: [], notes: [], logs: [{ name: 'hard', events: 2, runs }] })
    expect(text).toMatch(new RegExp(`one +sessions +2 +1 +${WHY.closer}`))
    expect(text).toMatch(/one +by their rules +1 of 1 sessions and 0 of 0 searches are the same/)
    expect(text).toMatch(/two +as one$/)
  })
})

describe('a measured program', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'search-session-ctr-peers-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('has its CPU and peak of memory read from /proc', () => {
    expect(cpuSecondsOf('7 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0')).toBe(3)
    expect(peakMegabytesOf('VmPeak:\t 9 kB\nVmHWM:\t  1000000 kB\n')).toBe(1024)
  })

  it('is measured and ended once it prints that it is done', async () => {
    const program = 'console.log("done"); process.stdin.resume()'
    const { seconds } = await measureProcess([process.execPath, '-e', program], NEVER)
    expect(seconds).toBeGreaterThan(0)
  })

  it('fails with its error output', async () => {
    const program = 'console.error("no such log"); process.exit(3)'
    await expect(measureProcess([process.execPath, '-e', program], NEVER)).rejects.toThrow('ended with 3: no such log')
  })

  it('fails if it cannot be started', async () => {
    await expect(measureProcess(['no-such-program-here'], NEVER)).rejects.toThrow(UserError)
  })

  it('is ended with the bench, which does not count as its failure', async () => {
    const ended = new AbortController()
    const running = measureProcess([process.execPath, '-e', 'process.stdin.resume()'], ended.signal)
    ended.abort()
    await expect(running).rejects.toBe(ended.signal.reason)
  })
})

describe('our sessions of the hard log', () => {
  it('hold every event once, and end for every reason', async () => {
    const log = hardLog(100, 2)
    const sessions = await ownSessions(linesOf(log))
    const sent = new Set(log.map(({ user, eventId }) => `${user} ${eventId}`))
    const held = sessions.flatMap(({ user, events }) => events.map((eventId) => `${user} ${eventId}`))
    expect(held).toHaveLength(sent.size)
    expect(new Set(held)).toEqual(sent)
    expect(log.length).toBeGreaterThan(sent.size)
    const ends = new Set(sessions.map(({ ended }) => ended))
    for (const end of ['gap', 'app_close', 'timeout', 'max_events', 'max_duration']) expect(ends).toContain(end)
  })

  it.each([
    ['pauses-for-the-gap', 1, [1]],
    ['pauses-for-longer', 2, [0]],
    ['never-searches', 1, []],
    ['clicks-in-a-later-session', 2, [0, 0]],
    ['goes-on-after-a-timeout', 2, [0]],
    ['goes-back-to-an-older-list', 1, [1, 0]],
    ['names-an-older-search', 1, [1, 0]],
    ['turns-the-page', 1, [1]],
    ['arrives-backwards', 1, [1]],
  ])('for the user that %s: %i in number, with clicks %j', async (habit, count, clicked) => {
    const log = hardLog(0, 1).filter(({ user }) => user === `${habit}-0`)
    const sessions = await ownSessions(linesOf(log))
    const inOrder = sessions.sort((a, b) => (String(a.events[0]) < String(b.events[0]) ? -1 : 1))
    expect(inOrder).toHaveLength(count)
    expect(inOrder.flatMap(({ searches }) => searches.map(([, value]) => value))).toEqual(clicked)
  })
})

async function* linesOf(log: readonly object[]): AsyncGenerator<string> {
  for (const event of log) yield JSON.stringify(event)
}
