// Checks in many simulated worlds that no fault changes a result, and that the simulation catches
// every wrong design (S1).

import { describe, expect, it } from 'vitest'
import { firstSeedThatCatches, runCampaign } from '../../sim/campaign.ts'
import { CONTROL_NAMES } from '../../sim/controls.ts'
import { FAULTS } from '../../sim/faults.ts'
import { firstViolations } from './first-violations.ts'

const FIXED_SEEDS = 200
const FRESH_SEEDS = 50

describe('the simulated pipeline', () => {
  it(`holds every invariant with seeds 1 to ${FIXED_SEEDS}, in which every fault strikes`, async () => {
    const { failures, faults } = await runCampaign(1, FIXED_SEEDS, {})
    expect(firstViolations(failures)).toEqual([])
    expect(FAULTS.filter((fault) => faults[fault] === 0)).toEqual([])
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
})
