// Sums the parts of a counted run to the purposes of the metered one.

import type { Units } from '../../../bench/cost/unit-meter.ts'
import type { UnitsByPart } from '../../../local/cost/count-units.ts'

export function byPurpose({ append, timers, close, progress, rows, index, dirtyHours }: UnitsByPart): Units {
  return { append, timers, close, batch: progress, results: rows + index + dirtyHours }
}
