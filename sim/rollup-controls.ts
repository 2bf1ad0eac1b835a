// Defines the negative controls of rollup: wrong ways to read and clear dirty hours.

import type { DirtyHours, StoredDirtyPeriod } from '../functions/result-ports.ts'

/**
 * `clear-at-once`: shows every dirty period as if a run had seen it long ago, so that rollup clears
 * it at once. Rows that the trailing index does not show yet never reach the sums.
 */
export function clearingAtOnce(dirtyHours: DirtyHours): DirtyHours {
  const originals = new Map<StoredDirtyPeriod, StoredDirtyPeriod>()
  return {
    ...dirtyHours,
    markSeen: async () => {},
    pages: async function* (kind) {
      for await (const page of dirtyHours.pages(kind)) {
        yield page.map((period) => {
          const seen = { ...period, seenMs: 0 }
          originals.set(seen, period)
          return seen
        })
      }
    },
    clear: (period) => dirtyHours.clear(originals.get(period) ?? period),
  }
}

/** More than a visit without a flood makes dirty. */
const OLDEST_READ = 500

/**
 * `oldest-first`: reads the oldest dirty periods, up to a bound. While a producer sends old events,
 * the sums of today never reach that part.
 */
export function oldestFirst(dirtyHours: DirtyHours): DirtyHours {
  return {
    ...dirtyHours,
    pages: async function* (kind) {
      const found: StoredDirtyPeriod[] = []
      for await (const page of dirtyHours.pages(kind)) found.push(...page)
      yield found.slice(-OLDEST_READ).reverse()
    },
  }
}
