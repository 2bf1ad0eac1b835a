// Tests that the units of the study log and of a generated one are those of the metered run.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Window, windowedBatches } from '../../../bench/batches.ts'
import { BENCH_SETTINGS, DEPLOYED } from '../../../bench/bench-settings.ts'
import { readRealLog, realisticLog } from '../../../bench/cost/cost-logs.ts'
import { meterPipeline } from '../../../bench/cost/metered-pipeline.ts'
import { countUnits } from '../../../local/cost/count-units.ts'
import { logBatches } from '../../../local/cost/log-batches.ts'
import type { Batch } from '../../../local/cost/replay-batches.ts'
import { type Endpoints, startEndpoints } from '../../../local/emulators/endpoints.ts'
import type { SentEvent } from '../../../samples/tutorial-events.ts'
import { sharedPath } from '../../support/shared.ts'
import { byPurpose } from './units-by-purpose.ts'

const WINDOW: Window = { batchSize: DEPLOYED.batchSize, batchWindowMs: DEPLOYED.batchWindow }
const hasStudyLog = sharedPath('data/lisp/events.ndjson') !== null

let endpoints: Endpoints
beforeAll(async () => {
  endpoints = await startEndpoints(null, null, process.env)
})
afterAll(() => endpoints?.stop())

async function expectSameUnits(name: string, batches: readonly Batch[]): Promise<void> {
  const metered = await meterPipeline(name, batches, BENCH_SETTINGS, endpoints)
  const counted = await countUnits(batches, BENCH_SETTINGS)
  expect(byPurpose(counted.write)).toEqual(metered.write)
  expect(byPurpose(counted.read)).toEqual(metered.read)
}

/** The batches of `search-session-ctr cost`. */
function batchesAt(recordsPerSecond: number, log: readonly SentEvent[]): readonly Batch[] {
  const records = log.map((event) => ({
    user: event.user as string,
    timeMs: Date.parse(event.time as string),
    data: Buffer.from(JSON.stringify(event)),
    events: 1,
  }))
  const { batchSize: batchRecords, batchWindowMs: windowMs } = WINDOW
  return logBatches(records, { recordsPerSecond, windowMs, batchRecords }).batches
}

describe('the units counted in memory', () => {
  it('are those of the metered run for a generated log', () =>
    expectSameUnits('generated', windowedBatches(realisticLog(), WINDOW)))

  it('are those of the metered run for a generated log beside other users', () =>
    expectSameUnits('generated-beside', batchesAt(50, realisticLog())))

  it.runIf(hasStudyLog)('are those of the metered run for the study log', async () => {
    await expectSameUnits('study', windowedBatches((await readRealLog()) ?? [], WINDOW))
  })

  it.runIf(hasStudyLog)('are those of the metered run for the study log beside other users', async () => {
    await expectSameUnits('study-beside', batchesAt(50, (await readRealLog()) ?? []))
  })
})
