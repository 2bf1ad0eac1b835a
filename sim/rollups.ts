// Rollups in one run: a tick in, the real step on what the index shows out; at rest, sums against the rows themselves.

import { DAY_MS } from '../functions/domain/durations.ts'
import type { ResultRow, SearchRow } from '../functions/domain/results/result.ts'
import { dayKey, dayRollup, hourKey, hourOf, hourRollup, sumRows } from '../functions/domain/results/rollup.ts'
import { QueryTallies, queryRollups } from '../functions/domain/results/top-queries.ts'
import type { DirtyHours, RollupStore, StoredRow } from '../functions/result-ports.ts'
import { rollup } from '../functions/rollup/rollup.ts'
import { clearingAtOnce } from './controls.ts'
import type { Wiring } from './steps.ts'
import type { Stores } from './stores.ts'
import type { Watch } from './watch.ts'
import { type Invocation, invoke, type Outcome } from './world.ts'

const SETTINGS = { rollupRetentionMs: 1000 * DAY_MS, rankEveryMs: DAY_MS / 24 }

/** Nobody's in particular. */
const EVERYBODY = 'everybody'

export function rollupOnce({ world, stores, control }: Wiring): Promise<Outcome<null>> {
  return invoke(world, async (invocation) => {
    const dirtyHours = reachedDirtyHours(stores, invocation)
    await rollup(
      { drain: false },
      {
        dirtyHours: control === 'clear-at-once' ? clearingAtOnce(dirtyHours) : dirtyHours,
        rollups: reachedRollups(stores, invocation),
        hasTime: invocation.hasTime,
      },
      SETTINGS,
      world.time.nowMs(),
    )
    return null
  })
}

/** The dirtyHours as an invocation reaches them. */
export function reachedDirtyHours({ dirtyHours }: Stores, { call }: Pick<Invocation, 'call'>): DirtyHours {
  return {
    mark: async (made) => {
      for (const touch of made) await call(`dirtyHours ${touch.of}`, null, () => dirtyHours.mark([touch]))
    },
    pages: async function* () {
      yield await call('looks for dirtyHours', null, async () => [...dirtyHours.periods.values()])
    },
    markSeen: (touch, nowMs) => call(`sees ${touch.of}`, null, () => dirtyHours.markSeen(touch, nowMs)),
    clear: (touch) => call(`settles ${touch.of}`, null, () => dirtyHours.clear(touch)),
  }
}

function reachedRollups({ rollups }: Stores, { call }: Invocation): RollupStore {
  return {
    rowsOf: async function* (hour, slice) {
      const found: StoredRow[] = []
      for await (const page of rollups.rowsOf(hour, slice)) found.push(...page)
      // Most slices of so few users are empty.
      yield found.length === 0 ? [] : await call('looks for rows of an hour', null, async () => found)
    },
    load: (key) => call('loads a rollup', null, () => rollups.load(key)),
    hoursOf: (day) => call('loads hours', null, () => rollups.hoursOf(day)),
    save: (summed, base, stamp) =>
      call(`sums ${summed.sk}: ${summed.searches}`, null, () => rollups.save(summed, base, stamp)),
    ranking: (day) => call('loads a ranking', null, () => rollups.ranking(day)),
    saveRanking: (day, queries, base, stamp) =>
      call(`ranks ${queries.length}`, null, () => rollups.saveRanking(day, queries, base, stamp)),
  }
}

/** Adds to what the watch found: hours, days and rankings have to be those of the rows, and nothing may wait. */
export function checkRollups({ results, dirtyHours, rollups }: Stores, watch: Watch): void {
  const broken = (what: string): void => watch.broken(EVERYBODY, what)
  if (dirtyHours.periods.size > 0) broken(`${[...dirtyHours.periods.keys()]} wait to be rolled up`)
  const rows = [...results.rows.values()]
  const hours = [...new Set([...rows.map(hourOf), ...storedOf('hour', rollups)])].sort()
  const summed = hours.map((hour) => hourRollup(hour, sumRows(rows.filter((row) => hourOf(row) === hour))))
  // When rows expire is no matter here.
  for (const hour of summed)
    compare(hour, withoutExpiry(rollups.rollups.get(`${hourKey(hour.sk).pk} ${hour.sk}`)), broken)
  for (const day of new Set(summed.map((hour) => hour.day))) {
    const expected = dayRollup(
      day,
      summed.filter((hour) => hour.day === day),
    )
    compare(expected, rollups.rollups.get(`${dayKey(day).pk} ${day}`), broken)
    compare(ranked(day, rows), rollups.queries.get(day) ?? [], broken)
  }
}

function withoutExpiry(hour: object | undefined): object | undefined {
  return hour === undefined ? undefined : { ...hour, rows_expire_at: null }
}

function storedOf(kind: 'hour' | 'day', { rollups }: Stores['rollups']): string[] {
  return [...rollups.values()].filter((stored) => stored.kind === kind).map(({ sk }) => sk)
}

function ranked(day: string, rows: readonly ResultRow[]): object {
  const queries = new QueryTallies()
  for (const row of rows.filter((row): row is SearchRow => row.kind === 'search' && row.day === day)) queries.add(row)
  return queryRollups(day, queries.all())
}

function compare(expected: object, found: object | undefined, broken: (what: string) => void): void {
  if (JSON.stringify(expected) === JSON.stringify(found)) return
  broken(`the rollup of these rows is ${JSON.stringify(expected)}, not ${JSON.stringify(found)}`)
}
