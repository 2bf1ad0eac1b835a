// Measures how many sessions a second of CPU closes in the bundled sweep, when a stub answers its
// requests at once.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import type { Writes } from '../../functions/aws/runtime/environment.ts'
import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { dynamoTimerStore } from '../../functions/aws/sessions-table/timer-store.ts'
import { unpackRecord } from '../../functions/aws/stream/record-events.ts'
import { CLOSED } from '../../functions/contract.ts'
import { ingest } from '../../functions/ingest/ingest.ts'
import { batchesOf } from '../batches.ts'
import { BENCH_SETTINGS } from '../bench-settings.ts'
import { benchClient } from '../bench-tables.ts'
import { STANDARD_EVENTS, standardSession } from '../standard-session.ts'
import { startBundle, TABLES } from './bundled-function.ts'
import { makeBundle } from './bundles.ts'
import { type StubDynamo, startStubDynamo } from './stub-dynamo.ts'

export interface ClosingSpeed {
  /** Standard sessions that one sweep closes. */
  readonly sessions: number
  /** The median of the sweeps, like the other numbers. */
  readonly cpuMicrosPerClosing: number
  /** A second divided by the CPU of a closing. Other programs on the machine do not change it. */
  readonly closingsPerCpuSecond: number
  /** As `closingsPerCpuSecond`, with a request for each write. */
  readonly singleClosingsPerCpuSecond: number
  readonly timesAsMany: number
}

const SESSIONS = 2000
/** The users of one batch, whose timers share pages. */
const USERS_IN_A_BATCH = 500
/** Sweeps until Node has compiled the code. */
const WARM_UP_SWEEPS = 4
const SWEEPS = 15
const START_MS = Date.parse('2026-03-02T09:00:30Z')

/** Sweeps with both ways to write in turn, since other programs take CPU too. */
export async function measureClosing(
  onStep: (text: string) => void,
  { sessions = SESSIONS, warmUpSweeps = WARM_UP_SWEEPS, sweeps = SWEEPS } = {},
): Promise<ClosingSpeed> {
  const folder = await mkdtemp(join(tmpdir(), 'search-session-ctr-bench-'))
  try {
    makeBundle('sweep', folder)
    onStep(`${sessions} sessions`)
    const batched = await startTimed(folder, 'batched', sessions)
    const single = await startTimed(folder, 'single', sessions)
    try {
      for (let n = 0; n < warmUpSweeps + sweeps; n++) {
        onStep(`sweep ${n + 1} of ${warmUpSweeps + sweeps}`)
        await batched.sweep()
        await single.sweep()
      }
    } finally {
      await Promise.all([batched.stop(), single.stop()])
    }
    const microsOf = (cpuMs: readonly number[]): number => (median(cpuMs.slice(warmUpSweeps)) * 1000) / sessions
    const closingsPerCpuSecond = Math.round(1_000_000 / microsOf(batched.cpuMs))
    const singleClosingsPerCpuSecond = Math.round(1_000_000 / microsOf(single.cpuMs))
    return {
      sessions,
      cpuMicrosPerClosing: Math.round(microsOf(batched.cpuMs)),
      closingsPerCpuSecond,
      singleClosingsPerCpuSecond,
      timesAsMany: Math.round((100 * closingsPerCpuSecond) / singleClosingsPerCpuSecond) / 100,
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function startTimed(folder: string, writes: Writes, sessions: number) {
  const stub = await startStubDynamo()
  await openSessions(stub, sessions)
  stub.remember()
  const bundle = startBundle('sweep', folder, stub.endpoint, writes)
  const cpuMs: number[] = []
  return {
    cpuMs,
    sweep: async (): Promise<void> => {
      stub.restore()
      cpuMs.push((await bundle.invoke({ drain: false })).cpuMs)
      const closed = stub.ofKind(CLOSED).length
      if (closed !== sessions)
        throw new Error(`a sweep closed ${closed} of ${sessions} sessions before its time was up`)
    },
    stop: async (): Promise<void> => {
      await bundle.stop()
      await stub.stop()
    },
  }
}

/** Ingests standard sessions, which are due by now. */
export async function openSessions(stub: StubDynamo, sessions: number): Promise<void> {
  const client = benchClient(stub.endpoint)
  const ports = {
    sessions: dynamoSessionStore(client, TABLES.sessions),
    timers: dynamoTimerStore(client, TABLES.sessions),
    progress: { isPassed: async () => false, record: async () => {} },
    deadLetters: { put: async () => {} },
    digest: sha256,
    pseudonym: (user: string) => user,
    unpack: unpackRecord,
    hasTime: () => true,
  }
  for (let start = 0; start < sessions; start += USERS_IN_A_BATCH) {
    const users = Array.from({ length: Math.min(USERS_IN_A_BATCH, sessions - start) }, (_, n) => `user-${start + n}`)
    const logs = users.map((user) => standardSession(user, START_MS))
    for (const { records, nowMs } of batchesOf(logs, STANDARD_EVENTS)) {
      const report = await ingest(records, ports, BENCH_SETTINGS.rules, nowMs)
      if (report.failed !== null) throw report.failed.cause
    }
  }
  client.destroy()
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

export function closingText(speed: ClosingSpeed): string {
  const { cpuMicrosPerClosing, closingsPerCpuSecond, singleClosingsPerCpuSecond, timesAsMany } = speed
  return [
    `a second of CPU closes ${closingsPerCpuSecond} sessions (${cpuMicrosPerClosing} µs each),`,
    `and ${singleClosingsPerCpuSecond} with a request for each write: ${timesAsMany} times as many`,
  ].join('\n')
}
