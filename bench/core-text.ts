// The speed of the domain as a person reads it: measurements in, a table out.

import { columns } from '../terminal/text-table.ts'
import type { CoreSpeed } from './core-run.ts'

const STAGES = ['parse', 'decode', 'apply', 'close', 'rows'] as const

export function coreText(speeds: readonly CoreSpeed[]): string {
  const rows = speeds.map(
    ({ events, users, sessionEvents, items, perBatch, microsPerEvent, eventsPerSecond, heapMegabytes }) => [
      ...[events, users, sessionEvents, items, perBatch].map(String),
      ...STAGES.map((stage) => microsPerEvent[stage].toFixed(2)),
      String(eventsPerSecond),
      String(heapMegabytes),
    ],
  )
  const head = ['events', 'users', 'a session', 'items', 'b', ...STAGES, 'events a second', 'heap MB']
  return columns([head, ...rows])
}
