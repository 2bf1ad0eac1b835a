// Writes the sum of an hour or a day, and that of its searches by a label, where it has changed.

import { COUNTS } from '../domain/results/counts.ts'
import type { StoredRollup, Sum } from '../result-ports.ts'
import type { RollupRun } from './rollup-run.ts'

/** Returns whether the stored sum has changed. */
export async function saveIfChanged<T extends Sum>(
  summed: T,
  stored: StoredRollup<T> | null,
  { ports, metadata }: RollupRun,
): Promise<boolean> {
  if (stored !== null && isSame(summed, stored.rollup)) return false
  if (isEmpty(summed)) {
    if (stored === null) return false
    // A run that loaded this revision may still write it over the next first one. The hour stays
    // dirty for longer than a run takes, so a later run sums it again.
    await ports.rollups.remove({ pk: summed.pk, sk: summed.sk }, stored.revision)
    return true
  }
  await ports.rollups.save(summed, stored?.revision ?? 0, metadata)
  return true
}

function isSame<T extends Sum>(summed: T, stored: T): boolean {
  return Object.entries(summed).every(([name, value]) => {
    const other = stored[name as keyof T]
    return value === other || (name === 'values' && JSON.stringify(value) === JSON.stringify(other))
  })
}

/** Whether no row counts any more, as after an amendment or after a user was forgotten. */
function isEmpty(summed: Sum): boolean {
  return 'values' in summed ? summed.values.length === 0 : COUNTS.every((name) => summed[name] === 0)
}
