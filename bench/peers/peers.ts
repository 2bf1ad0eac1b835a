// Ours beside Bytewax and Flink: the same logs through each on one core in; speeds, memory and agreement out.

import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Rules } from '../../functions/domain/rules.ts'
import type { SentEvent } from '../../local/tutorial-events.ts'
import { BENCH_SETTINGS } from '../bench-settings.ts'
import { type Agreement, type Counts, compare, countsOf, eventKey } from './agreement.ts'
import { installBytewax } from './bytewax.ts'
import { installFlink } from './flink.ts'
import { type FoundSession, parseFound } from './found-session.ts'
import { measureProcess, type Taken } from './measured-process.ts'
import { ownSessions } from './own-sessions.ts'
import { called, type Peer, PeerMissing } from './peer.ts'
import { hardLog, orderedLog } from './peer-logs.ts'

export interface PeerRun {
  readonly name: string
  /** Of the fastest run, with what the program takes for a log of one event left out of seconds and CPU. */
  readonly seconds: number
  readonly cpuSeconds: number | null
  /** Of CPU, where the system tells. */
  readonly eventsPerSecond: number
  readonly peakMegabytes: number | null
  /** For a log of one event. */
  readonly start: Taken
  readonly counts: Counts
  /** With ours. */
  readonly agreement: Agreement
  /** With ours when it goes by the peer's rules, over the events that the peer did not drop. */
  readonly byTheirRules: { readonly sessions: number; readonly searches: number; readonly agreement: Agreement } | null
}

export interface PeerLog {
  readonly name: string
  readonly events: number
  readonly runs: readonly PeerRun[]
}

export interface PeersReport {
  /** Whether each program was held to one core: without `taskset` it takes what there is. */
  readonly oneCore: boolean
  /** One line for each peer that could not be had. */
  readonly skipped: readonly string[]
  readonly logs: readonly PeerLog[]
}

const RUNS = 3

const OURS: Peer = {
  name: 'search-session-ctr',
  command: (log, out) => [
    ...([process.execPath, '--import', 'tsx', fileURLToPath(new URL('own-main.ts', import.meta.url))] as const),
    ...[log, out],
  ],
}

export async function measurePeers(onStep: (text: string) => void): Promise<PeersReport> {
  const folder = await mkdtemp(join(tmpdir(), 'search-session-ctr-peers-'))
  try {
    const oneCore = await called('taskset', ['-c', '0', 'true']).then(
      () => true,
      () => false,
    )
    const skipped: string[] = []
    onStep('installing Bytewax')
    const bytewax = await orSkipped('Bytewax', installBytewax, skipped)
    onStep('installing Flink')
    const flink = await orSkipped('Apache Flink', installFlink, skipped)
    const peers = [OURS, ...(bytewax === null ? [] : [bytewax('replay')]), ...(flink === null ? [] : [flink])]
    // Too slow for the long log: it grows with the events times the open sessions.
    const slowPeers = bytewax === null ? [] : [bytewax('tutorial')]
    const bench = { folder, oneCore, onStep }
    return {
      oneCore,
      skipped,
      logs: [
        await measureLog('ordered', orderedLog(), peers, bench),
        await measureLog('hard', hardLog(), [...peers, ...slowPeers], bench),
      ],
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What is missing is a line of the report, and nothing else. */
export async function orSkipped<T>(name: string, install: () => Promise<T>, skipped: string[]): Promise<T | null> {
  try {
    return await install()
  } catch (error) {
    if (!(error instanceof PeerMissing)) throw error
    skipped.push(`${name} is skipped: ${error.message}`)
    return null
  }
}

interface Bench {
  readonly folder: string
  readonly oneCore: boolean
  readonly onStep: (text: string) => void
}

async function measureLog(
  name: string,
  events: readonly SentEvent[],
  peers: readonly Peer[],
  bench: Bench,
): Promise<PeerLog> {
  const lines = events.map((event) => `${JSON.stringify(event)}\n`)
  const log = join(bench.folder, 'log.ndjson')
  const tiny = join(bench.folder, 'tiny.ndjson')
  await writeFile(log, lines)
  await writeFile(tiny, lines.slice(0, 1))
  const runs: PeerRun[] = []
  let ours: readonly FoundSession[] = []
  for (const peer of peers) {
    const step = (text: string): void => bench.onStep(`${name} log, ${peer.name}: ${text}`)
    const { taken: start } = await runOnce(peer, tiny, bench)
    let best: Run | null = null
    for (let run = 1; run <= RUNS; run++) {
      step(`run ${run} of ${RUNS}`)
      const next = await runOnce(peer, log, bench)
      if (best === null || cost(next.taken) < cost(best.taken)) best = next
    }
    if (best === null) continue
    if (peer === OURS) ours = best.found
    step('comparing')
    runs.push({
      name: peer.name,
      ...speedOf(best.taken, start, events.length),
      start,
      counts: countsOf(best.found),
      agreement: compare(ours, best.found),
      byTheirRules: peer === OURS ? null : await byTheirRules(log, best.found),
    })
  }
  return { name, events: events.length, runs }
}

interface Run {
  readonly taken: Taken
  readonly found: readonly FoundSession[]
}

async function runOnce(peer: Peer, log: string, { folder, oneCore }: Bench): Promise<Run> {
  const out = join(folder, 'out')
  const command = peer.command(log, out, BENCH_SETTINGS.rules)
  const taken = await measureProcess(oneCore ? ['taskset', '-c', '0', ...command] : command)
  const found = await readFound(out)
  await rm(out, { recursive: true, force: true })
  return { taken, found }
}

/** One file, or a folder of them. */
async function readFound(path: string): Promise<FoundSession[]> {
  const isFolder = (await stat(path)).isDirectory()
  const files = isFolder ? (await readdir(path)).map((file) => join(path, file)) : [path]
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  return texts.flatMap((text) => text.split('\n').filter((line) => line !== '')).map(parseFound)
}

function cost({ cpuSeconds, seconds }: Taken): number {
  return cpuSeconds ?? seconds
}

function speedOf(taken: Taken, start: Taken, events: number) {
  const cpuSeconds = taken.cpuSeconds === null || start.cpuSeconds === null ? null : taken.cpuSeconds - start.cpuSeconds
  const seconds = taken.seconds - start.seconds
  return {
    seconds,
    cpuSeconds,
    eventsPerSecond: Math.round(events / (cpuSeconds ?? seconds)),
    peakMegabytes: taken.peakMegabytes,
  }
}

const NO_LIMITS = { maxSessionEvents: 1_000_000, maxSessionDurationMs: Number.MAX_SAFE_INTEGER }

/** Ours without what the peers do not have: closers, limits, and what ties a click to a search but the order. */
async function byTheirRules(log: string, theirs: readonly FoundSession[]): Promise<PeerRun['byTheirRules']> {
  const kept = new Set(theirs.flatMap(({ user, events }) => events.map((eventId) => eventKey(user, eventId))))
  const rules: Rules = { ...BENCH_SETTINGS.rules, ...NO_LIMITS }
  const ours = await ownSessions(createInterface({ input: createReadStream(log) }), rules, (sent) => {
    if (!kept.has(eventKey(String(sent.user), String(sent.eventId)))) return null
    const { searchId: _, items, ...rest } = sent
    const isCloser = sent.type === 'AppClose' || sent.type === 'Timeout'
    return { ...rest, ...(items === undefined ? {} : { items: [] }), ...(isCloser ? { type: 'AppOpen' } : {}) }
  })
  const { sessions, searches } = countsOf(ours)
  return { sessions, searches, agreement: compare(ours, theirs) }
}
