// Measures how many sessions a second of CPU finalizes in the bundled function, when a stub answers
// its requests at once.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Writes } from '../../functions/aws/runtime/environment.ts'
import { CLOSED } from '../../functions/contract.ts'
import { startBundle } from './bundled-function.ts'
import { makeBundle } from './bundles.ts'
import { median, openSessions } from './closing.ts'
import { type StubItem, startStubDynamo } from './stub-dynamo.ts'

export interface FinalizingSpeed {
  /** The median of the batches, like the other numbers. */
  readonly cpuMicrosPerSession: number
  readonly sessionsPerCpuSecond: number
  /** As `sessionsPerCpuSecond`, with a request for each write. */
  readonly singleSessionsPerCpuSecond: number
}

/** As the event source mapping of a deployment. */
const SESSIONS_IN_A_BATCH = 100
const WARM_UP_BATCHES = 30
const BATCHES = 60

/** Finalizes with both ways to write in turn, since other programs take CPU too. */
export async function measureFinalizing(
  onStep: (text: string) => void,
  { warmUpBatches = WARM_UP_BATCHES, batches = BATCHES } = {},
): Promise<FinalizingSpeed> {
  const folder = await mkdtemp(join(tmpdir(), 'search-session-ctr-bench-'))
  try {
    onStep('finalize')
    makeBundle('sweep', folder)
    makeBundle('finalize', folder)
    const batched = await startTimed(folder, 'batched')
    const single = await startTimed(folder, 'single')
    try {
      for (let n = 0; n < warmUpBatches + batches; n++) {
        await batched.finalize()
        await single.finalize()
      }
    } finally {
      await Promise.all([batched.stop(), single.stop()])
    }
    const microsOf = (cpuMs: readonly number[]): number =>
      (median(cpuMs.slice(warmUpBatches)) * 1000) / SESSIONS_IN_A_BATCH
    return {
      cpuMicrosPerSession: Math.round(microsOf(batched.cpuMs)),
      sessionsPerCpuSecond: Math.round(1_000_000 / microsOf(batched.cpuMs)),
      singleSessionsPerCpuSecond: Math.round(1_000_000 / microsOf(single.cpuMs)),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Closes standard sessions by a sweep, and finalizes the first closings again and again. */
async function startTimed(folder: string, writes: Writes) {
  const stub = await startStubDynamo()
  await openSessions(stub, SESSIONS_IN_A_BATCH)
  const sweep = startBundle('sweep', folder, stub.endpoint, writes)
  await sweep.invoke({ drain: false })
  await sweep.stop()
  const batch = { Records: stub.ofKind(CLOSED).map(toStreamRecord) }
  stub.remember()
  const bundle = startBundle('finalize', folder, stub.endpoint, writes)
  const cpuMs: number[] = []
  return {
    cpuMs,
    finalize: async (): Promise<void> => {
      stub.restore()
      cpuMs.push((await bundle.invoke(batch)).cpuMs)
      const sessions = stub.ofKind('session').length
      if (sessions !== SESSIONS_IN_A_BATCH) throw new Error(`finalize wrote rows of ${sessions} sessions`)
    },
    stop: async (): Promise<void> => {
      await bundle.stop()
      await stub.stop()
    },
  }
}

function toStreamRecord(item: StubItem, n: number) {
  return { eventName: 'INSERT', dynamodb: { NewImage: item, SequenceNumber: String(n + 1) } }
}

export function finalizingText(speed: FinalizingSpeed): string {
  const { cpuMicrosPerSession, sessionsPerCpuSecond, singleSessionsPerCpuSecond } = speed
  return [
    `a second of CPU finalizes ${sessionsPerCpuSecond} sessions (${cpuMicrosPerSession} µs each),`,
    `and ${singleSessionsPerCpuSecond} with a request for each write`,
  ].join('\n')
}
