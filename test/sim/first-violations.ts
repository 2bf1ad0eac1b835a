// Shortens failed runs to what a failed test should show: the seed to run again, and its first
// violations.

import type { RunResult } from '../../sim/run.ts'
import type { Violation } from '../../sim/watch.ts'

export function firstViolations(failures: readonly RunResult[]): { seed: number; violations: readonly Violation[] }[] {
  return failures.map(({ seed, violations }) => ({ seed, violations: violations.slice(0, 3) }))
}
