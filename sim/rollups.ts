// Runs the real rollup step, and checks at rest that all sums are those of the rows.

import { DAY_MS, HOUR_MS } from '../functions/domain/durations.ts'
import type { ResultRow, SearchRow } from '../functions/domain/results/result.ts'
import { dayKey, dayRollup, hourKey, hourOf, hourRollup, sumRows } from '../functions/domain/results/rollup.ts'
import { QueryTallies, queryRollups } from '../functions/domain/results/top-queries.ts'
import { rollup } from '../functions/rollup/rollup.ts'
import { clearingAtOnce } from './controls.ts'
import { faultyDirtyHours, faultyRollups } from './faulty-stores.ts'
import type { Stores } from './stores.ts'
import type { Watch } from './watch.ts'
import type { Wiring } from './wiring.ts'
import { invoke, type Outcome } from './world.ts'

const SETTINGS = { rollupRetentionMs: 1000 * DAY_MS, rankEveryMs: HOUR_MS }

/** Stands for the user in violations that concern no single user. */
const EVERYBODY = 'everybody'

export function rollupOnce({ world, stores, control }: Wiring): Promise<Outcome<null>> {
  return invoke(world, async (invocation) => {
    const dirtyHours = faultyDirtyHours(stores, invocation)
    await rollup(
      { drain: false },
      {
        dirtyHours: control === 'clear-at-once' ? clearingAtOnce(dirtyHours) : dirtyHours,
        rollups: faultyRollups(stores, invocation),
        hasTime: invocation.hasTime,
      },
      SETTINGS,
      world.time.nowMs(),
    )
    return null
  })
}

/**
 * Computes the sums of all hours and days and the query lists from the rows, and reports each that
 * differs from the stored one. It also reports periods that are still dirty.
 */
export function checkRollups({ results, dirtyHours, rollups }: Stores, watch: Watch): void {
  const report = (what: string): void => watch.report(EVERYBODY, what)
  if (dirtyHours.periods.size > 0) report(`${[...dirtyHours.periods.keys()]} are still dirty`)
  const rows = [...results.rows.values()]
  const hours = [...new Set(rows.map(hourOf))].sort()
  const summed = hours.map((hour) => hourRollup(hour, sumRows(rows.filter((row) => hourOf(row) === hour))))
  const days = new Set(summed.map((hour) => hour.day))
  const isExpected = new Set([...hours, ...days])
  for (const { sk } of rollups.rollups.values()) if (!isExpected.has(sk)) report(`the sum of ${sk} has no rows`)
  for (const hour of summed)
    compare(hour, withoutExpiry(rollups.rollups.get(`${hourKey(hour.sk).pk} ${hour.sk}`)), report)
  for (const day of days) {
    const expected = dayRollup(
      day,
      summed.filter((hour) => hour.day === day),
    )
    compare(expected, rollups.rollups.get(`${dayKey(day).pk} ${day}`), report)
    compare(ranked(day, rows), rollups.queries.get(day) ?? [], report)
  }
  for (const [day, queries] of rollups.queries) {
    if (!days.has(day)) compare([], queries, report)
  }
}

/** The rows in memory do not hold their expiry, so the check cannot compute it. */
function withoutExpiry(hour: object | undefined): object | undefined {
  return hour === undefined ? undefined : { ...hour, rows_expire_at: null }
}

function ranked(day: string, rows: readonly ResultRow[]): object {
  const queries = new QueryTallies()
  for (const row of rows.filter((row): row is SearchRow => row.kind === 'search' && row.day === day)) queries.add(row)
  return queryRollups(day, queries.all())
}

function compare(expected: object, found: object | undefined, report: (what: string) => void): void {
  if (JSON.stringify(expected) === JSON.stringify(found)) return
  report(`the rollup of these rows is ${JSON.stringify(expected)}, not ${JSON.stringify(found)}`)
}
