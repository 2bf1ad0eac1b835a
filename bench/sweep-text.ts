// The cost of sweeps as a person reads it: measurements in, a table out.

import { columns } from '../terminal/text-table.ts'
import type { SweepCost } from './sweep.ts'

export function sweepText(costs: readonly SweepCost[]): string {
  const rows = costs.map(({ open, passed, due, read, write, closed, ms, countRead }) =>
    [open, passed, due, closed, read, write, ms, countRead].map(String),
  )
  return columns([['open', 'of them looked at', 'due', 'closed', 'read', 'write', 'ms', 'hourly count, read'], ...rows])
}
