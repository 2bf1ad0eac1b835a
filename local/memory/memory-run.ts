// Runs the steps of the pipeline in this process on stores in memory, without any emulator.

import type { PutRecordsRequestEntry } from '@aws-sdk/client-kinesis'
import type { ArrivedRecord } from '../../functions/ports.ts'
import { FINALIZE_BATCH_SIZE } from '../../infra/function-environment.ts'
import { checkTogether, readSettings } from '../../infra/read-settings.ts'
import type { ReportPorts } from '../../report/report-data.ts'
import { forSignals } from '../../terminal/interrupt.ts'
import { drainUntilDone } from '../lambda/drain.ts'
import { firstBatch } from '../lambda/first-batch.ts'
import { type FunctionLog, functionLog } from '../lambda/function-log.ts'
import { toDeadLetter } from '../replay/log-replay.ts'
import { sendLines } from '../replay/producer.ts'
import type { LogRun } from '../run/log-run.ts'
import { reconcile } from '../run/reconcile.ts'
import { type CapacitySummary, NO_CAPACITY } from '../run/summary.ts'
import { checkHeap } from './heap-room.ts'
import { type MemoryStores, memoryStores, type StepPorts } from './memory-ports.ts'
import { memoryReads } from './memory-reads.ts'
import { memoryReportReads } from './memory-report-reads.ts'
import { type MemorySteps, memorySteps, type StepName } from './memory-steps.ts'

export interface MemoryRunOptions {
  /** The texts by name that `-c name=value` passes to the CDK app. */
  readonly settings: Readonly<Record<string, string>>
  readonly now?: () => number
  /** Returns the ports that a step gets, such as ports that count the units of each call. */
  readonly portsOf?: (step: StepName, stores: StepPorts) => StepPorts
  /** Returns the capacity units so far. Without it, the summary has none. */
  readonly capacity?: () => CapacitySummary
}

export interface MemoryRun extends LogRun {
  /** Closes what is due by now and sums up, as the schedules do. */
  sweep(): Promise<void>
  readonly stores: MemoryStores
  readonly reportReads: ReportPorts
}

/** Throws a SettingError for an invalid setting. */
export function memoryRun(options: MemoryRunOptions): MemoryRun {
  const { now: clock = Date.now, portsOf = (_, ports) => ports, capacity = () => NO_CAPACITY } = options
  const settings = readSettings(options.settings)
  checkTogether(settings)
  const stores = memoryStores()
  let lastArrivalMs = Number.NEGATIVE_INFINITY
  const now = (): number => Math.max(clock(), lastArrivalMs)
  /** A shard takes a record a millisecond. Events without a time have that of their arrival. */
  const arrive = (): number => {
    lastArrivalMs = Math.max(clock(), lastArrivalMs + 1)
    return lastArrivalMs
  }
  const steps = memorySteps(settings, (step) => portsOf(step, stores), now)
  const log = functionLog()
  const finalizeChanges = async (): Promise<void> => {
    const changes = stores.takeChanges()
    for (let start = 0; start < changes.length; start += FINALIZE_BATCH_SIZE) {
      await forSignals()
      await steps.finalize(changes.slice(start, start + FINALIZE_BATCH_SIZE))
    }
  }
  const stream = memoryStream(settings.batchSize, steps, log, arrive)
  let linesReplayed = 0
  let eventsReplayed = 0
  return {
    stores,
    reportReads: memoryReportReads(stores),
    replay: async (_, lines, onProgress) => {
      const onSent = (sent: number): void => onProgress(stream.ingested(), linesReplayed + sent)
      const send = async (records: readonly PutRecordsRequestEntry[]): Promise<void> => {
        await stream.put(records)
        await finalizeChanges()
      }
      const written = await sendLines(lines, send, onSent)
      await stream.flush()
      await finalizeChanges()
      await stores.deadLetters.put(written.tooLarge.map((line, n) => toDeadLetter(line, linesReplayed + n)))
      linesReplayed += written.lines
      eventsReplayed += written.events
      onSent(0)
      return written
    },
    sweep: async () => {
      await steps.sweep({ drain: false })
      await finalizeChanges()
      await steps.rollup()
    },
    drain: async (onProgress = () => {}) => {
      onProgress('closing sessions')
      await drainUntilDone('sweep', steps.sweep, NO_FAILURES)
      await finalizeChanges()
      onProgress('summing up')
      await drainUntilDone('rollup', steps.rollup, NO_FAILURES)
    },
    results: async () => memoryReads(stores, capacity).results(),
    summary: () => reconcile(eventsReplayed, memoryReads(stores, capacity), log),
    stop: async () => {},
  }
}

/** A step in memory fails by a mistake in the code, so nothing is tried again. */
const NO_FAILURES = { failuresMax: 1, onFailure: () => {} }

const SHARD = 'shardId-000000000000'

/** Stands for the stream and Lambda's poller: passes records to ingest in batches. */
function memoryStream(batchSize: number, steps: MemorySteps, log: FunctionLog, arrive: () => number) {
  let waiting: ArrivedRecord[] = []
  let arrived = 0
  let ingested = 0
  const ingestBatches = async (isEnd: boolean): Promise<void> => {
    for (;;) {
      const batch = firstBatch(waiting, batchSize, ({ data }) => data)
      const isFull = batch.length === batchSize || batch.length < waiting.length
      if (batch.length === 0 || !(isFull || isEnd)) return
      checkHeap()
      await forSignals()
      const report = await steps.ingest(batch)
      log.add(JSON.stringify({ step: 'ingest', ...report }))
      // Ingest takes fewer records where they unpack to more than one invocation can hold.
      const taken = batch.length - report.left
      waiting = waiting.slice(taken)
      ingested += taken
    }
  }
  return {
    ingested: () => ingested,
    put: async (records: readonly PutRecordsRequestEntry[]): Promise<void> => {
      for (const { Data: data = new Uint8Array() } of records) {
        arrived++
        const record = { shardId: SHARD, sequenceNumber: String(arrived), arrivalMs: arrive(), subSequence: null }
        waiting.push({ ...record, data: Buffer.from(data).toString('base64') })
      }
      await ingestBatches(false)
    },
    flush: () => ingestBatches(true),
  }
}
