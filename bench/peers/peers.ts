// Ours beside Bytewax and Flink: the same logs through each on one core in; speeds, memory and agreement out.

import { createReadStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import type { SentEvent } from '../../samples/tutorial-events.ts'
import { onInterrupt } from '../../terminal/interrupt.ts'
import { processShell } from '../../terminal/process-shell.ts'
import { BENCH_SETTINGS } from '../bench-settings.ts'
import { type Agreement, type Counts, compare, countsOf, eventKey } from './agreement.ts'
import { installBytewax } from './bytewax.ts'
import { installFlink } from './flink.ts'
import type { FoundSession } from './found-session.ts'
import { orFailed, orSkipped } from './left-out-peers.ts'
import type { Taken } from './measured-process.ts'
import { ownSessions } from './own-sessions.ts'
import { called, type Peer } from './peer.ts'
import { hardLog, orderedLog } from './peer-logs.ts'
import { bestOf, type RunLocation, runOnce } from './peer-run.ts'

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
  /** One line for each peer that could not be had, and for each log on which one failed. */
  readonly skipped: readonly string[]
  /** What is to be known of the peers that ran. */
  readonly notes: readonly string[]
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
  const interruption = new AbortController()
  const { signal } = interruption
  const work = measureIn(folder, onStep, signal).finally(() => rm(folder, { recursive: true, force: true }))
  const interrupt = onInterrupt(processShell(), async () => {
    interruption.abort()
    await work.catch(() => {})
  })
  try {
    return await work
  } catch (error) {
    // The process is about to end, and nobody is to be told why.
    if (signal.aborted) return await new Promise<never>(() => {})
    throw error
  } finally {
    interrupt.forget()
  }
}

async function measureIn(folder: string, onStep: (text: string) => void, signal: AbortSignal): Promise<PeersReport> {
  const oneCore = await called('taskset', ['-c', '0', 'true'], signal).then(
    () => true,
    () => false,
  )
  const skipped: string[] = []
  onStep('installing Bytewax')
  const bytewax = await orSkipped('Bytewax', () => installBytewax(signal), skipped)
  onStep('installing Flink')
  const flink = await orSkipped('Apache Flink', () => installFlink(signal), skipped)
  const peers = [OURS, ...(bytewax === null ? [] : [bytewax('replay')]), ...(flink === null ? [] : [flink])]
  // Too slow for the long log: it grows with the events times the open sessions.
  const slowPeers = bytewax === null ? [] : [bytewax('tutorial')]
  const bench = { folder, oneCore, onStep, signal, skipped }
  const logs = [
    await measureLog('ordered', orderedLog(), peers, bench),
    await measureLog('hard', hardLog(), [...peers, ...slowPeers], bench),
  ]
  return { oneCore, skipped, notes: peers.flatMap(({ note }) => note ?? []), logs }
}

interface Bench extends RunLocation {
  readonly onStep: (text: string) => void
  readonly skipped: string[]
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
    const run = async () => {
      const { taken: start } = await runOnce(peer, tiny, bench)
      const best = await bestOf(RUNS, (run) => {
        step(`run ${run} of ${RUNS}`)
        return runOnce(peer, log, bench)
      })
      return { start, ...best }
    }
    // Without ours there is nothing to compare with.
    const measured = peer === OURS ? await run() : await orFailed(`${peer.name} on the ${name} log`, run, bench.skipped)
    if (measured === null) continue
    const { start, taken, found } = measured
    if (peer === OURS) ours = found
    step('comparing')
    runs.push({
      name: peer.name,
      ...speedOf(taken, start, events.length),
      start,
      counts: countsOf(found),
      agreement: compare(ours, found),
      byTheirRules: peer === OURS ? null : await byTheirRules(log, found, bench.signal),
    })
  }
  return { name, events: events.length, runs }
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
async function byTheirRules(
  log: string,
  theirs: readonly FoundSession[],
  signal: AbortSignal,
): Promise<PeerRun['byTheirRules']> {
  const kept = new Set(theirs.flatMap(({ user, events }) => events.map((eventId) => eventKey(user, eventId))))
  const rules: Rules = { ...BENCH_SETTINGS.rules, ...NO_LIMITS }
  const ours = await ownSessions(createInterface({ input: createReadStream(log) }), rules, (sent) => {
    signal.throwIfAborted()
    if (!kept.has(eventKey(String(sent.user), String(sent.eventId)))) return null
    const { searchId: _, items, ...rest } = sent
    const isCloser = sent.type === 'AppClose' || sent.type === 'Timeout'
    return { ...rest, ...(items === undefined ? {} : { items: [] }), ...(isCloser ? { type: 'AppOpen' } : {}) }
  })
  const { sessions, searches } = countsOf(ours)
  return { sessions, searches, agreement: compare(ours, theirs) }
}
