// Shows the first broken promises of each failed run, so that a failed test names the seed to run again.

import type { RunResult } from '../../sim/run.ts'
import type { Violation } from '../../sim/watch.ts'

export function broken(failures: readonly RunResult[]): { seed: number; violations: readonly Violation[] }[] {
  return failures.map(({ seed, violations }) => ({ seed, violations: violations.slice(0, 3) }))
}
