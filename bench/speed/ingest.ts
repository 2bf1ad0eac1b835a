// Measures how fast the bundled ingest is when a stub answers its requests at once.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ArrivedRecord } from '../../functions/ports.ts'
import { columns } from '../../terminal/text-table.ts'
import { type Batch, batchesOf } from '../batches.ts'
import { standardSession } from '../standard-session.ts'
import { startBundle } from './bundled-function.ts'
import { makeBundle } from './bundles.ts'
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
const START_MS = Date.parse('2026-03-02T09:00:30Z')

export async function measureIngest(onStep: (text: string) => void): Promise<IngestSpeed[]> {
  const folder = await mkdtemp(join(tmpdir(), 'search-session-ctr-bench-'))
  try {
    makeBundle('ingest', folder)
    const speeds: IngestSpeed[] = []
    for (const b of PER_BATCH) {
      onStep(`b = ${b}`)
      speeds.push(await measureOne(b, folder))
    }
    return speeds
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function measureOne(b: number, folder: string): Promise<IngestSpeed> {
  const stub = await startStubDynamo()
  const ingest = startBundle('ingest', folder, stub.endpoint)
  const cpu: number[] = []
  const wall: number[] = []
  const allocated: number[] = []
  let warmUp = WARM_UP_BATCHES
  try {
    for (let round = 0; allocated.length < BATCHES_TO_COUNT_ALLOCATIONS; round++) {
      const users = Array.from({ length: RECORDS_PER_BATCH / b }, (_, n) => `user-${round}-${n}`)
      const logs = users.map((user) => standardSession(user, START_MS))
      for (const batch of batchesOf(logs, b)) {
        const countsAllocations = wall.length === BATCHES && allocated.length < BATCHES_TO_COUNT_ALLOCATIONS
        const { cpuMs, ms, allocatedBytes } = await ingest.invoke({ ...toLambdaEvent(batch), countsAllocations })
        if (allocatedBytes !== null) allocated.push(allocatedBytes)
        warmUp--
        if (warmUp >= 0 || wall.length === BATCHES) continue
        cpu.push(cpuMs)
        wall.push(ms)
      }
    }
  } finally {
    await ingest.stop()
    await stub.stop()
  }
  const cpuMicrosPerRecord = (median(cpu) * 1000) / RECORDS_PER_BATCH
  return {
    b,
    records: RECORDS_PER_BATCH * BATCHES,
    cpuMicrosPerRecord: Math.round(cpuMicrosPerRecord),
    recordsPerSecond: Math.round((RECORDS_PER_BATCH * 1000) / median(wall)),
    recordsPerCpuSecond: Math.round(1_000_000 / cpuMicrosPerRecord),
    allocatedBytesPerRecord: Math.round(median(allocated) / RECORDS_PER_BATCH),
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

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

export function ingestText(speeds: readonly IngestSpeed[]): string {
  const rows = speeds.map((speed) => [
    String(speed.b),
    String(speed.records),
    String(speed.recordsPerSecond),
    String(speed.cpuMicrosPerRecord),
    String(speed.recordsPerCpuSecond),
    (speed.allocatedBytesPerRecord / 1000).toFixed(1),
  ])
  const names = [
    'b',
    'records',
    'records a second',
    'CPU µs a record',
    'records a second of CPU',
    'KB allocated a record',
  ]
  return columns([names, ...rows])
}
