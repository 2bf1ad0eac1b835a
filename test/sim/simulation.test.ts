// No fault changes a result in simulated worlds, and the simulation catches designs that are known to be wrong (S1).

import { describe, expect, it } from 'vitest'
import { firstSeedThatCatches, runCampaign } from '../../sim/campaign.ts'
import { FAULTS } from '../../sim/faults.ts'
import { run, USERS_MAX } from '../../sim/run.ts'
import { shrink } from '../../sim/shrink.ts'
import { broken } from './broken-promises.ts'

const SEEDS = 40
/** Worlds that once broke a promise, of this design or of one that fewer worlds would catch. */
const KNOWN_SEEDS = [225, 319, 625, 835, 1195]
/** Wrong designs that a few worlds catch. The long tests search for all of them. */
const SOON_CAUGHT = ['wall-clock-sweep', 'timer-last', 'page-first', 'forget-by-deleting', 'clear-at-once'] as const
const SOON_SEEDS = 20

describe('the pipeline in a world of faults', () => {
  it(`keeps every promise with seeds 1 to ${SEEDS}, and every fault strikes`, async () => {
    const { failures, faults } = await runCampaign(1, SEEDS, {})
    expect(broken(failures)).toEqual([])
    expect(FAULTS.filter((fault) => faults[fault] === 0)).toEqual([])
  })

  it.each(KNOWN_SEEDS)('keeps every promise with seed %i, which once broke one', async (seed) => {
    expect(broken((await runCampaign(seed, 1, {})).failures)).toEqual([])
  })

  it('makes the same world of the same seed, and another world of another seed', async () => {
    const [once, again, other] = [await run(7), await run(7), await run(8)]
    expect(again.hash).toBe(once.hash)
    expect(other.hash).not.toBe(once.hash)
  })
})

describe('the simulation', () => {
  it.each(SOON_CAUGHT)(`catches the wrong design %s within ${SOON_SEEDS} seeds`, async (control) => {
    expect(await firstSeedThatCatches(control, SOON_SEEDS)).not.toBeNull()
  })

  it('reports a wrong design as a story of few faults and few users', async () => {
    const control = 'wall-clock-sweep'
    const seed = (await firstSeedThatCatches(control, SOON_SEEDS)) ?? 0
    const whole = await run(seed, { control })
    const { result, usersMax, faults } = await shrink(seed, { control })
    expect(result.violations.length).toBeGreaterThan(0)
    expect(faults.length).toBeLessThan(FAULTS.filter((fault) => whole.faults[fault] > 0).length)
    expect(usersMax).toBeLessThanOrEqual(USERS_MAX)
    expect(result.story(20)).toHaveLength(20)
  })
})
