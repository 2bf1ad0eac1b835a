// Measures how many sessions a second of CPU finalizes in the bundled function, when a stub answers
// its requests at once.

import type { Writes } from '../../functions/aws/runtime/environment.ts'
import { CLOSED } from '../../functions/contract.ts'
import { medianOfBothWays, type TimedFunction } from './both-ways.ts'
import { startBundle } from './bundled-function.ts'
import { makeBundle, withBundleFolder } from './bundles.ts'
import { openSessions } from './closing.ts'
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

export function measureFinalizing(
  onStep: (text: string) => void,
  { warmUpBatches = WARM_UP_BATCHES, batches = BATCHES } = {},
): Promise<FinalizingSpeed> {
  return withBundleFolder(async (folder) => {
    onStep('finalize')
    makeBundle('sweep', folder)
    makeBundle('finalize', folder)
    const { batchedMs, singleMs } = await medianOfBothWays(
      (writes) => startTimed(folder, writes),
      { warmUps: warmUpBatches, timed: batches },
      () => {},
    )
    return {
      cpuMicrosPerSession: Math.round((batchedMs * 1000) / SESSIONS_IN_A_BATCH),
      sessionsPerCpuSecond: Math.round((1000 * SESSIONS_IN_A_BATCH) / batchedMs),
      singleSessionsPerCpuSecond: Math.round((1000 * SESSIONS_IN_A_BATCH) / singleMs),
    }
  })
}

/** Closes standard sessions by a sweep, and finalizes the first closings again and again. */
async function startTimed(folder: string, writes: Writes): Promise<TimedFunction> {
  const stub = await startStubDynamo()
  await openSessions(stub, SESSIONS_IN_A_BATCH)
  const sweep = startBundle('sweep', folder, stub.endpoint, writes)
  await sweep.invoke({ drain: false })
  await sweep.stop()
  const batch = { Records: stub.ofKind(CLOSED).map(toStreamRecord) }
  stub.remember()
  const bundle = startBundle('finalize', folder, stub.endpoint, writes)
  return {
    invoke: async () => {
      stub.restore()
      const usage = await bundle.invoke(batch)
      const sessions = stub.ofKind('session').length
      if (sessions !== SESSIONS_IN_A_BATCH) throw new Error(`finalize wrote rows of ${sessions} sessions`)
      return usage
    },
    stop: async () => {
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
