// Measures how fast the bundled ingest is when a stub answers its requests at once.

import type { Writes } from '../../functions/aws/runtime/environment.ts'
import type { ArrivedRecord } from '../../functions/ports.ts'
import type { Batch } from '../../local/cost/replay-batches.ts'
import { columns } from '../../terminal/text-table.ts'
import { batchesOf } from '../batches.ts'
import { standardSession } from '../standard-session.ts'
import { median } from './both-ways.ts'
import { startBundle } from './bundled-function.ts'
import { makeBundle, withBundleFolder } from './bundles.ts'
import { startStubDynamo } from './stub-dynamo.ts'

export interface IngestSpeed {
  /** Events per user and batch. */
  readonly b: number
  readonly records: number
  /** The median of the batches, like the next number. */
  readonly cpuMicrosPerRecord: number
  readonly recordsPerSecond: number
  /** A second divided by the CPU of a record. Other programs on the machine do not change it. */
  readonly recordsPerCpuSecond: number
  /** As `recordsPerCpuSecond`, with a request for each write. */
  readonly singleRecordsPerCpuSecond: number
  readonly allocatedBytesPerRecord: number
}

const RECORDS_PER_BATCH = 500
const PER_BATCH = [1, 2, 5, 10] as const
/** Batches at each b until Node has compiled the code. */
const WARM_UP_BATCHES = 40
/** Timed batches at each b. */
const BATCHES = 100
/** Further batches at each b, which are not timed because counting slows them down. */
const BATCHES_TO_COUNT_ALLOCATIONS = 10
/** Ingest remembers states until their sessions are due, so these sessions are of the present. */
const START_MS = Date.now()

export function measureIngest(onStep: (text: string) => void): Promise<IngestSpeed[]> {
  return withBundleFolder(async (folder) => {
    makeBundle('ingest', folder)
    const speeds: IngestSpeed[] = []
    for (const b of PER_BATCH) {
      onStep(`b = ${b}`)
      speeds.push(await measureOne(b, folder))
    }
    return speeds
  })
}

/** Invokes both ways to write in turn, with the same batches, since other programs take CPU too. */
async function measureOne(b: number, folder: string): Promise<IngestSpeed> {
  const batched = await startTimed(folder, 'batched')
  const single = await startTimed(folder, 'single')
  try {
    for (let round = 0; !batched.isDone(); round++) {
      const users = Array.from({ length: RECORDS_PER_BATCH / b }, (_, n) => `user-${round}-${n}`)
      const logs = users.map((user) => standardSession(user, START_MS))
      for (const batch of batchesOf(logs, b)) {
        await batched.invoke(batch)
        await single.invoke(batch)
      }
    }
  } finally {
    await batched.stop()
    await single.stop()
  }
  const cpuMicrosPerRecord = batched.cpuMicrosPerRecord()
  return {
    b,
    records: RECORDS_PER_BATCH * BATCHES,
    cpuMicrosPerRecord: Math.round(cpuMicrosPerRecord),
    recordsPerSecond: Math.round((RECORDS_PER_BATCH * 1000) / median(batched.wall)),
    recordsPerCpuSecond: Math.round(1_000_000 / cpuMicrosPerRecord),
    singleRecordsPerCpuSecond: Math.round(1_000_000 / single.cpuMicrosPerRecord()),
    allocatedBytesPerRecord: Math.round(median(batched.allocated) / RECORDS_PER_BATCH),
  }
}

async function startTimed(folder: string, writes: Writes) {
  const stub = await startStubDynamo()
  const ingest = startBundle('ingest', folder, stub.endpoint, writes)
  const cpu: number[] = []
  const wall: number[] = []
  const allocated: number[] = []
  let warmUp = WARM_UP_BATCHES
  return {
    wall,
    allocated,
    isDone: () => allocated.length >= BATCHES_TO_COUNT_ALLOCATIONS,
    cpuMicrosPerRecord: () => (median(cpu) * 1000) / RECORDS_PER_BATCH,
    invoke: async (batch: Batch): Promise<void> => {
      const countsAllocations = wall.length === BATCHES && allocated.length < BATCHES_TO_COUNT_ALLOCATIONS
      const { cpuMs, ms, allocatedBytes } = await ingest.invoke({ ...toLambdaEvent(batch), countsAllocations })
      if (allocatedBytes !== null) allocated.push(allocatedBytes)
      warmUp--
      if (warmUp >= 0 || wall.length === BATCHES) return
      cpu.push(cpuMs)
      wall.push(ms)
    },
    stop: async (): Promise<void> => {
      await ingest.stop()
      await stub.stop()
    },
  }
}

/** Returns the batch as Lambda passes it to a function. */
export function toLambdaEvent({ records }: Pick<Batch, 'records'>) {
  return { Records: records.map(toLambdaRecord) }
}

function toLambdaRecord({ shardId, sequenceNumber, arrivalMs, data }: ArrivedRecord) {
  const kinesis = { sequenceNumber, approximateArrivalTimestamp: arrivalMs / 1000, data, partitionKey: 'user' }
  return { eventID: `${shardId}:${sequenceNumber}`, kinesis }
}

export function ingestText(speeds: readonly IngestSpeed[]): string {
  const rows = speeds.map((speed) => [
    String(speed.b),
    String(speed.records),
    String(speed.recordsPerSecond),
    String(speed.cpuMicrosPerRecord),
    String(speed.recordsPerCpuSecond),
    String(speed.singleRecordsPerCpuSecond),
    (speed.allocatedBytesPerRecord / 1000).toFixed(1),
  ])
  const names = [
    'b',
    'records',
    'records a second',
    'CPU µs a record',
    'records a second of CPU',
    'with a request a write',
    'KB allocated a record',
  ]
  return columns([names, ...rows])
}
