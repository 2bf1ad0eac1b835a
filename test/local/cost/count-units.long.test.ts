// Tests that the units counted in memory are those that the metered run counts.

import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { batchesOf, type Window, windowedBatches } from '../../../bench/batches.ts'
import { BENCH_SETTINGS, DEPLOYED } from '../../../bench/bench-settings.ts'
import { readRealLog, realisticLog } from '../../../bench/cost/cost-logs.ts'
import { meterPipeline } from '../../../bench/cost/metered-pipeline.ts'
import { totalUnits, type Units } from '../../../bench/cost/unit-meter.ts'
import { idOf, longSession, standardSession } from '../../../bench/standard-session.ts'
import { countUnits, type UnitsByPart } from '../../../local/cost/count-units.ts'
import { shardsFor } from '../../../local/cost/month-dollars.ts'
import { unitDollars } from '../../../local/cost/prices.ts'
import type { Batch } from '../../../local/cost/replay-batches.ts'
import { replayPlan } from '../../../local/cost/replayed-log.ts'
import { type Endpoints, startEndpoints } from '../../../local/emulators/endpoints.ts'
import type { SentEvent } from '../../../samples/tutorial-events.ts'
import { sharedPath } from '../../support/shared.ts'
import { typed } from '../../support/typed.ts'

const START_MS = Date.parse('2026-03-02T09:00:30Z')
const WINDOW: Window = { batchSize: DEPLOYED.batchSize, batchWindowMs: DEPLOYED.batchWindow }
const hasStudyLog = sharedPath('data/lisp/events.ndjson') !== null

let endpoints: Endpoints
beforeAll(async () => {
  endpoints = await startEndpoints(null, null, process.env)
})
afterAll(() => endpoints?.stop())

/** Sums the parts of a counted run to the purposes of the metered one. */
function byPurpose({ append, timers, close, progress, rows, index, dirtyHours }: UnitsByPart): Units {
  return { append, timers, close, batch: progress, results: rows + index + dirtyHours }
}

async function expectSameUnits(name: string, batches: readonly Batch[]): Promise<void> {
  const metered = await meterPipeline(name, batches, BENCH_SETTINGS, endpoints)
  const counted = await countUnits(batches, BENCH_SETTINGS)
  expect(byPurpose(counted.write)).toEqual(metered.write)
  expect(byPurpose(counted.read)).toEqual(metered.read)
  expect(counted.rows).toBe(metered.rows)
}

describe('the units counted in memory', () => {
  it('are those of the metered run for short sessions and one with blocks', () => {
    const short = Array.from({ length: 8 }, (_, n) => standardSession(idOf(`user ${n}`), START_MS))
    return expectSameUnits('short', batchesOf([...short, longSession('long', START_MS, 150)], 5))
  })

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
  const [writes, reads] = [totalUnits(metered.write), totalUnits(metered.read)]
  const apart = [
    printed.writeUnits / writes,
    printed.readUnits / reads,
    unitDollars(printed.writeUnits, printed.readUnits) / unitDollars(writes, reads),
  ].map((ratio) => Math.abs(ratio - 1))
  const [ofWrites = 1, ofReads = 1, ofDollars = 1] = apart
  expect(
    [ofWrites, ofDollars].every((share) => share < 0.01),
    `${apart}`,
  ).toBe(true)
  // Saves side by side end in another order on the emulator. So ingest, which may remember few
  // states here, forgets others and reads them again.
  expect(ofReads).toBeLessThan(0.02)
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
