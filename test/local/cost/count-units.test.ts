// Tests that the units counted in memory are those that the metered run counts.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { batchesOf } from '../../../bench/batches.ts'
import { BENCH_SETTINGS } from '../../../bench/bench-settings.ts'
import { meterPipeline } from '../../../bench/cost/metered-pipeline.ts'
import { idOf, longSession, standardSession } from '../../../bench/standard-session.ts'
import { countUnits } from '../../../local/cost/count-units.ts'
import { type Endpoints, startEndpoints } from '../../../local/emulators/endpoints.ts'
import { byPurpose } from './units-by-purpose.ts'

const START_MS = Date.parse('2026-03-02T09:00:30Z')

let endpoints: Endpoints
beforeAll(async () => {
  endpoints = await startEndpoints(null, null, process.env)
})
afterAll(() => endpoints?.stop())

describe('the units counted in memory', () => {
  it('are those of the metered run, for short sessions and for one with blocks', async () => {
    const short = Array.from({ length: 8 }, (_, n) => standardSession(idOf(`user ${n}`), START_MS))
    const long = longSession('long', START_MS, 150)
    const batches = batchesOf([...short, long], 5)
    const metered = await meterPipeline('counted', batches, BENCH_SETTINGS, endpoints)
    const counted = await countUnits(batches, BENCH_SETTINGS)
    expect(byPurpose(counted.write)).toEqual(metered.write)
    expect(byPurpose(counted.read)).toEqual(metered.read)
    expect(counted.rows).toBe(metered.rows)
  })
})
