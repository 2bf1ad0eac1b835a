// A campaign: a range of seeds in; every one run, what broke and how often each fault struck out.

import { DAY_MS } from '../functions/domain/durations.ts'
import { CONTROL_NAMES, type Control } from './controls.ts'
import { FAULTS, type Fault } from './faults.ts'
import { type RunOptions, type RunResult, run } from './run.ts'

export interface Campaign {
  readonly seeds: number
  /** The runs that broke a promise. */
  readonly failures: readonly RunResult[]
  readonly records: number
  readonly simulatedDays: number
  readonly faults: Readonly<Record<Fault, number>>
}

/** @param onRun told after every run how many there were. */
export async function runCampaign(
  firstSeed: number,
  seeds: number,
  options: RunOptions,
  onRun: (runs: number) => void = () => {},
): Promise<Campaign> {
  const faults = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>
  const failures: RunResult[] = []
  let records = 0
  let simulatedMs = 0
  for (let n = 0; n < seeds; n++) {
    const result = await run(firstSeed + n, options)
    if (result.violations.length > 0) failures.push(result)
    for (const fault of FAULTS) faults[fault] += result.faults[fault]
    records += result.records
    simulatedMs += result.simulatedMs
    onRun(n + 1)
  }
  return { seeds, failures, records, simulatedDays: Math.round(simulatedMs / DAY_MS), faults }
}

/** The first seed from 1 on that shows each of the wrong designs to be wrong; null where none up to `seedsMax` does. */
export async function runControls(seedsMax: number): Promise<Record<Control, number | null>> {
  const caught = {} as Record<Control, number | null>
  for (const control of CONTROL_NAMES) caught[control] = await firstSeedThatCatches(control, seedsMax)
  return caught
}

export async function firstSeedThatCatches(control: Control, seedsMax: number): Promise<number | null> {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const { violations } = await run(seed, { control })
    if (violations.length > 0) return seed
  }
  return null
}
