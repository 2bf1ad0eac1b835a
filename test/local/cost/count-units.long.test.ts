// Tests that the units of the study log and of a generated one are those of the metered run.

import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Window, windowedBatches } from '../../../bench/batches.ts'
import { BENCH_SETTINGS, DEPLOYED } from '../../../bench/bench-settings.ts'
import { readRealLog, realisticLog } from '../../../bench/cost/cost-logs.ts'
import { meterPipeline } from '../../../bench/cost/metered-pipeline.ts'
import { totalUnits } from '../../../bench/cost/unit-meter.ts'
import { countUnits } from '../../../local/cost/count-units.ts'
import { shardsFor } from '../../../local/cost/month-dollars.ts'
import type { Batch } from '../../../local/cost/replay-batches.ts'
import { replayPlan } from '../../../local/cost/replayed-log.ts'
import { type Endpoints, startEndpoints } from '../../../local/emulators/endpoints.ts'
import type { SentEvent } from '../../../samples/tutorial-events.ts'
import { sharedPath } from '../../support/shared.ts'
import { typed } from '../../support/typed.ts'
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

describe('the units counted in memory', () => {
  it('are those of the metered run for a generated log', () =>
    expectSameUnits('generated', windowedBatches(realisticLog(), WINDOW)))

  it.runIf(hasStudyLog)('are those of the metered run for the study log', async () => {
    await expectSameUnits('study', windowedBatches((await readRealLog()) ?? [], WINDOW))
  })
})

/** Compares the units that the command counts with those of the metered run of the same batches. */
async function expectCostMetered(name: string, log: readonly SentEvent[], eventsPerSecond: number): Promise<void> {
  const lines = log.map((event) => JSON.stringify(event))
  const { stdout } = await typed(['cost', '-', '--rate', `${eventsPerSecond}`, '--json'], tmpdir(), lines.join('\n'))
  const printed = JSON.parse(stdout).log
  const records = log.map((event, n) => ({
    user: event.user as string,
    timeMs: Date.parse(event.time as string),
    data: Buffer.from(lines[n] ?? ''),
    events: 1,
  }))
  const shards = shardsFor({ records, eventsPerSecond })
  const plan = replayPlan({ records, eventsPerSecond, shards }, DEPLOYED)
  const metered = await meterPipeline(name, plan.batches, plan.settings, endpoints)
  expect(printed.accepted).toBe(metered.accepted)
  for (const [found, measured] of [
    [printed.writeUnits, totalUnits(metered.write)],
    [printed.readUnits, totalUnits(metered.read)],
  ])
    expect(Math.abs(found / measured - 1)).toBeLessThan(0.01)
}

describe('the command cost', () => {
  it.each([2, 100])('counts what the metered run counts, for a generated log at %i events a second', (rate) =>
    expectCostMetered(`generated-${rate}`, realisticLog(), rate),
  )

  it.runIf(hasStudyLog).each([2, 100])(
    'counts what the metered run counts, for the study log at %i events a second',
    async (rate) => expectCostMetered(`study-${rate}`, (await readRealLog()) ?? [], rate),
  )
})
