// How fast ingest is: batches through the bundled handler over HTTP to a stub in, records a second and CPU a record out.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ArrivedRecord } from '../functions/ports.ts'
import { type Batch, batchesOf } from './batches.ts'
import { startBundle } from './bundled-function.ts'
import { makeBundle } from './bundles.ts'
import { standardSession } from './standard-session.ts'
import { startStubDynamo } from './stub-dynamo.ts'

export interface IngestSpeed {
  /** Events per user and batch. */
  readonly b: number
  readonly records: number
  /** Of the median batch. */
  readonly cpuMicrosPerRecord: number
  readonly recordsPerSecond: number
  /** A second of CPU by what a record takes of it: what a core of its own would do, however busy this machine is. */
  readonly recordsPerCpuSecond: number
  readonly allocatedBytesPerRecord: number
}

const RECORDS_PER_BATCH = 500
const PER_BATCH = [1, 2, 5, 10] as const
/** As many batches at each b: those of the warm-up, until the code is compiled, and those that are measured. */
const WARM_UP_BATCHES = 40
const BATCHES = 100
/** After those. */
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

/** As Lambda hands a batch over. */
export function toLambdaEvent({ records }: Pick<Batch, 'records'>) {
  return { Records: records.map(toLambdaRecord) }
}

function toLambdaRecord({ shardId, sequenceNumber, arrivalMs, data }: ArrivedRecord) {
  const kinesis = { sequenceNumber, approximateArrivalTimestamp: arrivalMs / 1000, data, partitionKey: 'user' }
  return { eventID: `${shardId}:${sequenceNumber}`, kinesis }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
