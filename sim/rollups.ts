// Runs the real rollup step, and checks at rest that all sums are those of the rows.

import { sha256 } from '../functions/aws/runtime/digest.ts'
import { DAY_MS, HOUR_MS } from '../functions/domain/durations.ts'
import type { ResultRow, SearchRow } from '../functions/domain/results/result.ts'
import {
  dayKey,
  dayRollup,
  hourAt,
  hourKey,
  hourOf,
  hourRollup,
  hourStartMs,
  sumRows,
} from '../functions/domain/results/rollup.ts'
import { QueryTallies, queryRollups } from '../functions/domain/results/top-queries.ts'
import type { DirtyHours } from '../functions/result-ports.ts'
import { rollup } from '../functions/rollup/rollup.ts'
import { faultyDirtyHours, faultyRollups } from './faulty-stores.ts'
import type { Random } from './random.ts'
import { clearingAtOnce, oldestFirst } from './rollup-controls.ts'
import { checkSegments } from './segment-invariants.ts'
import type { Wiring } from './wiring.ts'
import { invoke, type Outcome } from './world.ts'

const SETTINGS = { rollupRetentionMs: 1000 * DAY_MS, rankEveryMs: HOUR_MS }

/** Stands for the user in violations that concern no single user. */
const EVERYBODY = 'everybody'

/** The step promises to sum all dirty hours of this time before any older one. */
const RECENT_MS = 48 * HOUR_MS

/** Reports to the watch if the run sums an old hour and leaves out one that is recent. */
export function rollupOnce({
  world,
  stores,
  watch,
  rowRules,
  segmentValuesMax,
  control,
}: Wiring): Promise<Outcome<null>> {
  return invoke(world, async (invocation) => {
    const recentMs = world.time.nowMs() - RECENT_MS
    const waiting = [...stores.dirtyHours.periods.values()].filter(({ kind, of, seenMs }) => {
      return kind === 'hour' && seenMs === null && hourStartMs(of) > recentMs
    })
    const summed = new Set<string>()
    const faulty = faultyDirtyHours(stores, invocation)
    const dirtyHours: DirtyHours = {
      ...faulty,
      markSeen: (period, nowMs) => {
        summed.add(period.of)
        return faulty.markSeen(period, nowMs)
      },
    }
    const report = await rollup(
      { drain: false },
      {
        dirtyHours: wrongDirtyHours(control)?.(dirtyHours) ?? dirtyHours,
        rollups: faultyRollups(stores, invocation),
        digest: sha256,
        hasTime: invocation.hasTime,
      },
      { ...SETTINGS, segments: rowRules.segments, segmentValuesMax },
      world.time.nowMs(),
    )
    const hasSummedOld = [...summed].some((hour) => hourStartMs(hour) <= recentMs)
    if (!hasSummedOld || report.failed !== null || report.conflicts > 0) return null
    for (const { of } of waiting.filter(({ of }) => !summed.has(of)))
      watch.report(EVERYBODY, `a run summed old hours and left out ${of}, which is recent`)
    return null
  })
}

function wrongDirtyHours(control: Wiring['control']): ((dirtyHours: DirtyHours) => DirtyHours) | null {
  if (control === 'clear-at-once') return clearingAtOnce
  return control === 'oldest-first' ? oldestFirst : null
}

const FLOODS = 2
/** More old hours than one run sums. */
const FLOOD_HOURS = 600
const FLOOD_AGE_MS = 3650 * DAY_MS

/**
 * Lets hours of ten years ago be dirty, as finalize does for the sessions of old events. The order
 * needs no sessions, which would only take time.
 *
 * @param random a source of its own, so that the other draws of a seed stay as they are.
 */
export function scheduleDirtyFlood(startMs: number, visitMs: number, random: Random, { world, stores }: Wiring): void {
  world.faults.struck('dirtyFlood')
  for (let flood = 0; flood < FLOODS; flood++) {
    const atMs = startMs + random.between(0, visitMs)
    const firstHourMs = startMs - FLOOD_AGE_MS + random.between(0, 100) * HOUR_MS
    const hours = Array.from({ length: FLOOD_HOURS }, (_, n) => hourAt(firstHourMs + n * HOUR_MS))
    world.time.at(atMs, () => void stores.dirtyHours.mark(hours.map((of) => ({ kind: 'hour', of, atMs }))))
  }
}

/**
 * Computes the sums of all hours and days and the query lists from the rows, and reports each that
 * differs from the stored one. It also reports periods that are still dirty.
 */
export function checkRollups({
  stores,
  watch,
  rowRules: { segments },
  segmentValuesMax,
}: Pick<Wiring, 'stores' | 'watch' | 'rowRules' | 'segmentValuesMax'>): void {
  const { results, dirtyHours, rollups } = stores
  const report = (what: string): void => watch.report(EVERYBODY, what)
  if (dirtyHours.periods.size > 0) report(`${[...dirtyHours.periods.keys()]} are still dirty`)
  const rows = [...results.rows.values()]
  const labels = [...segments].sort()
  const hours = [...new Set(rows.map(hourOf))].sort()
  const summed = hours.map((hour) =>
    hourRollup(hour, sumRows(rows.filter((row) => hourOf(row) === hour)), null, labels),
  )
  const days = new Set(summed.map((hour) => hour.day))
  const isExpected = new Set([...hours, ...days])
  for (const { sk } of rollups.rollups.values()) if (!isExpected.has(sk)) report(`the sum of ${sk} has no rows`)
  for (const hour of summed)
    compare(hour, withoutExpiry(rollups.rollups.get(`${hourKey(hour.sk).pk} ${hour.sk}`)), report)
  for (const day of days) {
    const expected = dayRollup(
      day,
      summed.filter((hour) => hour.day === day),
      labels,
    )
    compare(expected, rollups.rollups.get(`${dayKey(day).pk} ${day}`), report)
    compare(ranked(day, rows), rollups.queries.get(day) ?? [], report)
  }
  for (const [day, queries] of rollups.queries) {
    if (!days.has(day)) compare([], queries, report)
  }
  checkSegments(stores, { segments, segmentValuesMax }, report)
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
