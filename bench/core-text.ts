// The speed of the domain as a person reads it: measurements in, a table out.

import { columns } from '../cli/text-table.ts'
import type { CoreSpeed } from './core.ts'

export function coreText(speeds: readonly CoreSpeed[]): string {
  const rows = speeds.map(({ events, users, perBatch, eventsPerSecond, heapMegabytes }) =>
    [events, users, perBatch, eventsPerSecond, heapMegabytes].map(String),
  )
  return columns([['events', 'users', 'b', 'events a second', 'heap MB'], ...rows])
}
