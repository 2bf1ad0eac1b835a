// Runs our pipeline, Bytewax and Flink on the same logs, and compares their speed, memory and
// sessions.

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
import type { ProcessUsage } from './measured-process.ts'
import { ownSessions } from './own-sessions.ts'
import { type Peer, runProgram } from './peer.ts'
import { hardLog, orderedLog } from './peer-logs.ts'
import { bestOf, type RunLocation, runOnce } from './peer-run.ts'

export interface PeerRun {
  readonly name: string
  /** The fastest run's seconds and CPU, less those for a log of one event. */
  readonly seconds: number
  readonly cpuSeconds: number | null
  /** Events a second of CPU, or of time where CPU is not known. */
  readonly eventsPerSecond: number
  readonly peakMegabytes: number | null
  /** The usage for a log of one event. */
  readonly start: ProcessUsage
  readonly counts: Counts
  /** The agreement with ours. */
  readonly agreement: Agreement
  /**
   * The agreement with ours by the peer's rules, over the events that the peer did not drop. Null
   * for ours.
   */
  readonly byTheirRules: { readonly sessions: number; readonly searches: number; readonly agreement: Agreement } | null
}

export interface PeerLog {
  readonly name: string
  readonly events: number
  readonly runs: readonly PeerRun[]
}

export interface PeersReport {
  /** Whether each program ran on one core, for which the bench needs `taskset`. */
  readonly oneCore: boolean
  /** One line for each peer that is missing, and for each log on which a peer failed. */
  readonly skipped: readonly string[]
  /** The notes of the peers that ran. */
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
    // After an interrupt the process is about to end, so nothing may report this error.
    if (signal.aborted) return await new Promise<never>(() => {})
    throw error
  } finally {
    interrupt.ignore()
  }
}

async function measureIn(folder: string, onStep: (text: string) => void, signal: AbortSignal): Promise<PeersReport> {
  const oneCore = await runProgram('taskset', ['-c', '0', 'true'], signal).then(
    () => true,
    () => false,
  )
  const skipped: string[] = []
  onStep('installing Bytewax')
  const bytewax = await orSkipped('Bytewax', () => installBytewax(signal), skipped)
  onStep('installing Flink')
  const flink = await orSkipped('Apache Flink', () => installFlink(signal), skipped)
  const peers = [OURS, ...(bytewax === null ? [] : [bytewax('replay')]), ...(flink === null ? [] : [flink])]
  // This clock's cost grows with the events times the open sessions, too much for the ordered log.
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
      const { usage: start } = await runOnce(peer, tiny, bench)
      const best = await bestOf(RUNS, (run) => {
        step(`run ${run} of ${RUNS}`)
        return runOnce(peer, log, bench)
      })
      return { start, ...best }
    }
    // A failure of ours ends the bench, because there is nothing to compare with.
    const measured = peer === OURS ? await run() : await orFailed(`${peer.name} on the ${name} log`, run, bench.skipped)
    if (measured === null) continue
    const { start, usage, found } = measured
    if (peer === OURS) ours = found
    step('comparing')
    runs.push({
      name: peer.name,
      ...speedOf(usage, start, events.length),
      start,
      counts: countsOf(found),
      agreement: compare(ours, found),
      byTheirRules: peer === OURS ? null : await byTheirRules(log, found, bench.signal),
    })
  }
  return { name, events: events.length, runs }
}

function speedOf(usage: ProcessUsage, start: ProcessUsage, events: number) {
  const cpuSeconds = usage.cpuSeconds === null || start.cpuSeconds === null ? null : usage.cpuSeconds - start.cpuSeconds
  const seconds = usage.seconds - start.seconds
  return {
    seconds,
    cpuSeconds,
    eventsPerSecond: Math.round(events / (cpuSeconds ?? seconds)),
    peakMegabytes: usage.peakMegabytes,
  }
}

const NO_LIMITS = { maxSessionEvents: 1_000_000, maxSessionDurationMs: Number.MAX_SAFE_INTEGER }

/**
 * Compares the peer with ours by the peer's rules: without closers and limits, and with clicks that
 * always belong to the latest search.
 */
async function byTheirRules(
  log: string,
  theirs: readonly FoundSession[],
  signal: AbortSignal,
): Promise<PeerRun['byTheirRules']> {
  const theirEvents = new Set(theirs.flatMap(({ user, events }) => events.map((eventId) => eventKey(user, eventId))))
  const rules: Rules = { ...BENCH_SETTINGS.rules, ...NO_LIMITS }
  const ours = await ownSessions(createInterface({ input: createReadStream(log) }), rules, (sent) => {
    signal.throwIfAborted()
    if (!theirEvents.has(eventKey(String(sent.user), String(sent.eventId)))) return null
    const { searchId: _, items, ...rest } = sent
    const isCloser = sent.type === 'AppClose' || sent.type === 'Timeout'
    return { ...rest, ...(items === undefined ? {} : { items: [] }), ...(isCloser ? { type: 'AppOpen' } : {}) }
  })
  const { sessions, searches } = countsOf(ours)
  return { sessions, searches, agreement: compare(ours, theirs) }
}
