// Tests the model of what deployments of several sizes need and cost.

import { describe, expect, it } from 'vitest'
import { measureScale, scaleOf } from '../../../bench/cost/scale.ts'

describe('the model of sizes', () => {
  it('computes totals that are the sums of their parts', () => {
    const { kinesis, lambda, dynamodbOnDemand, dynamodbProvisioned, onDemand, provisioned } = scaleOf(
      100,
      'two together',
    )
    expect(onDemand).toBeCloseTo(kinesis + lambda + dynamodbOnDemand)
    expect(provisioned).toBeCloseTo(kinesis + lambda + dynamodbProvisioned)
  })

  it('costs less with fuller batches, and more with more events', async () => {
    const { sizes, breakEven } = await measureScale()
    expect(scaleOf(1000, 'five together').onDemand).toBeLessThan(scaleOf(1000, 'defaults').onDemand)
    expect(scaleOf(2000, 'defaults').onDemand).toBeGreaterThan(scaleOf(1000, 'defaults').onDemand)
    expect(sizes.every(({ lanesBusy, shards }) => lanesBusy <= shards)).toBe(true)
    expect(breakEven.every(({ onDemand, provisioned }) => onDemand < provisioned)).toBe(true)
  })

  it('has no part that ends before 20,000 events a second with the default memory', async () => {
    const { ceilings } = await measureScale()
    expect(ceilings.filter(({ all }) => all !== null).length).toBeGreaterThan(0)
    for (const { part, one, all } of ceilings) {
      expect(one, part).toBeGreaterThan(0)
      if (all !== null) expect(all, part).toBeGreaterThanOrEqual(20_000)
    }
  })
})
