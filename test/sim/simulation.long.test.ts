// No fault changes a result in many simulated worlds, and the simulation catches every wrong design (S1).

import { describe, expect, it } from 'vitest'
import { firstSeedThatCatches, runCampaign } from '../../sim/campaign.ts'
import { CONTROL_NAMES } from '../../sim/controls.ts'
import { FAULTS } from '../../sim/faults.ts'
import { broken } from './broken-promises.ts'

const FIXED_SEEDS = 200
const FRESH_SEEDS = 50

describe('the pipeline in a world of faults', () => {
  it(`keeps every promise with seeds 1 to ${FIXED_SEEDS}, and every fault strikes`, async () => {
    const { failures, faults } = await runCampaign(1, FIXED_SEEDS, {})
    expect(broken(failures)).toEqual([])
    expect(FAULTS.filter((fault) => faults[fault] === 0)).toEqual([])
  })

  const firstFresh = 1_000_000 + (Math.floor(Date.now() / 1000) % 1_000_000_000)
  it(`keeps every promise with fresh seeds, from ${firstFresh}`, async () => {
    expect(broken((await runCampaign(firstFresh, FRESH_SEEDS, {})).failures)).toEqual([])
  })
})

describe('the simulation', () => {
  it.each(CONTROL_NAMES)('catches the wrong design %s', async (control) => {
    expect(await firstSeedThatCatches(control, FIXED_SEEDS)).not.toBeNull()
  })
})
