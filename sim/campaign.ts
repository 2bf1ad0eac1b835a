// Runs a range of seeds, and searches for the first seed that catches each wrong design.

import { DAY_MS } from '../functions/domain/durations.ts'
import { CONTROL_NAMES, type Control } from './controls.ts'
import { FAULTS, type Fault } from './faults.ts'
import { type RunOptions, type RunResult, run } from './run.ts'

export interface Campaign {
  readonly seeds: number
  /** The runs that broke an invariant. */
  readonly failures: readonly RunResult[]
  readonly records: number
  readonly simulatedDays: number
  /** How often each fault struck. */
  readonly faults: Readonly<Record<Fault, number>>
}

/** @param onRun receives the number of finished runs after each run, which waits for it. */
export async function runCampaign(
  firstSeed: number,
  seeds: number,
  options: RunOptions,
  onRun: (runs: number) => void | Promise<void> = () => {},
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
    await onRun(n + 1)
  }
  return { seeds, failures, records, simulatedDays: Math.round(simulatedMs / DAY_MS), faults }
}

/**
 * Finds the first seed from 1 on that catches each wrong design. It is null where no seed up to
 * `seedsMax` does, which shows that the checks have a hole.
 *
 * @param onControl called after each design, and awaited.
 */
export async function runControls(
  seedsMax: number,
  onControl: () => void | Promise<void> = () => {},
): Promise<Record<Control, number | null>> {
  const caught = {} as Record<Control, number | null>
  for (const control of CONTROL_NAMES) {
    caught[control] = await firstSeedThatCatches(control, seedsMax)
    await onControl()
  }
  return caught
}

export async function firstSeedThatCatches(control: Control, seedsMax: number): Promise<number | null> {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const { violations } = await run(seed, { control })
    if (violations.length > 0) return seed
  }
  return null
}
