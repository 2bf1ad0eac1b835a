// Checks in many simulated worlds that no fault changes a result, and that the simulation catches
// every wrong design (S1).

import { describe, expect, it } from 'vitest'
import { firstSeedThatCatches, runCampaign } from '../../sim/campaign.ts'
import { CONTROL_NAMES } from '../../sim/controls.ts'
import { FAULTS } from '../../sim/faults.ts'
import { run, USERS_MAX } from '../../sim/run.ts'
import { shrink } from '../../sim/shrink.ts'
import { firstViolations } from './first-violations.ts'

const FIXED_SEEDS = 200
const SLOW_KNOWN_SEED = 1195
const FRESH_SEEDS = 50

describe('the simulated pipeline', () => {
  it(`holds every invariant with seeds 1 to ${FIXED_SEEDS}, in which every fault strikes`, async () => {
    const { failures, faults } = await runCampaign(1, FIXED_SEEDS, {})
    expect(firstViolations(failures)).toEqual([])
    expect(FAULTS.filter((fault) => faults[fault] === 0)).toEqual([])
  })

  // It takes as long as all other known seeds together.
  it(`holds every invariant with seed ${SLOW_KNOWN_SEED}, which once broke one`, async () => {
    expect(firstViolations((await runCampaign(SLOW_KNOWN_SEED, 1, {})).failures)).toEqual([])
  })

  const firstFresh = 1_000_000 + (Math.floor(Date.now() / 1000) % 1_000_000_000)
  it(`holds every invariant with fresh seeds from ${firstFresh} on`, async () => {
    expect(firstViolations((await runCampaign(firstFresh, FRESH_SEEDS, {})).failures)).toEqual([])
  })
})

describe('the simulation', () => {
  it.each(CONTROL_NAMES)('catches the wrong design %s', async (control) => {
    expect(await firstSeedThatCatches(control, FIXED_SEEDS)).not.toBeNull()
  })

  it('shrinks the failure of a wrong design to fewer faults and a short story', async () => {
    const control = 'wall-clock-sweep'
    const seed = (await firstSeedThatCatches(control, FIXED_SEEDS)) ?? 0
    const whole = await run(seed, { control })
    const { result, usersMax, faults } = await shrink(seed, { control })
    expect(result.violations.length).toBeGreaterThan(0)
    expect(faults.length).toBeLessThan(FAULTS.filter((fault) => whole.faults[fault] > 0).length)
    expect(usersMax).toBeLessThanOrEqual(USERS_MAX)
    expect(result.story(20)).toHaveLength(20)
  })
})
