// Measures how many sessions a second of CPU closes in the bundled sweep, when a stub answers its
// requests at once.

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
import { medianOfBothWays, type TimedFunction } from './both-ways.ts'
import { startBundle, TABLES } from './bundled-function.ts'
import { makeBundle, withBundleFolder } from './bundles.ts'
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

export function measureClosing(
  onStep: (text: string) => void,
  { sessions = SESSIONS, warmUpSweeps = WARM_UP_SWEEPS, sweeps = SWEEPS } = {},
): Promise<ClosingSpeed> {
  return withBundleFolder(async (folder) => {
    makeBundle('sweep', folder)
    onStep(`${sessions} sessions`)
    const { batchedMs, singleMs } = await medianOfBothWays(
      (writes) => startTimed(folder, writes, sessions),
      { warmUps: warmUpSweeps, timed: sweeps },
      (round) => onStep(`sweep ${round} of ${warmUpSweeps + sweeps}`),
    )
    const closingsPerCpuSecond = Math.round((1000 * sessions) / batchedMs)
    const singleClosingsPerCpuSecond = Math.round((1000 * sessions) / singleMs)
    return {
      sessions,
      cpuMicrosPerClosing: Math.round((batchedMs * 1000) / sessions),
      closingsPerCpuSecond,
      singleClosingsPerCpuSecond,
      timesAsMany: Math.round((100 * closingsPerCpuSecond) / singleClosingsPerCpuSecond) / 100,
    }
  })
}

async function startTimed(folder: string, writes: Writes, sessions: number): Promise<TimedFunction> {
  const stub = await startStubDynamo()
  await openSessions(stub, sessions)
  stub.remember()
  const bundle = startBundle('sweep', folder, stub.endpoint, writes)
  return {
    invoke: async () => {
      stub.restore()
      const usage = await bundle.invoke({ drain: false })
      const closed = stub.ofKind(CLOSED).length
      if (closed !== sessions)
        throw new Error(`a sweep closed ${closed} of ${sessions} sessions before its time was up`)
      return usage
    },
    stop: async () => {
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

export function closingText(speed: ClosingSpeed): string {
  const { cpuMicrosPerClosing, closingsPerCpuSecond, singleClosingsPerCpuSecond, timesAsMany } = speed
  return [
    `a second of CPU closes ${closingsPerCpuSecond} sessions (${cpuMicrosPerClosing} µs each),`,
    `and ${singleClosingsPerCpuSecond} with a request for each write: ${timesAsMany} times as many`,
  ].join('\n')
}
