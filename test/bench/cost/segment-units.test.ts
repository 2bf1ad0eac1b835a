// Tests that a day of segments costs no more write units than docs/results.md states, whatever
// values producers send.

import { expect, it } from 'vitest'
import { metadataAttributes } from '../../../functions/aws/results-table/revisions.ts'
import { segmentItem } from '../../../functions/aws/results-table/segment-items.ts'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import { itemBytes } from '../../../functions/aws/runtime/item-bytes.ts'
import type { Item } from '../../../functions/aws/runtime/table-items.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../functions/domain/durations.ts'
import type { ResultRow, SearchRow } from '../../../functions/domain/results/result.ts'
import { hourAt, hourOf } from '../../../functions/domain/results/rollup.ts'
import { memoryDirtyHours, memoryRollupStore } from '../../../functions/memory/memory-rollups.ts'
import type { RollupStore, Sum } from '../../../functions/result-ports.ts'
import { rollup } from '../../../functions/rollup/rollup.ts'
import { writeUnits } from '../../../local/cost/capacity-units.ts'
import { rowsOf } from '../../aws/results-table/result-store-contract.ts'
import { at } from '../../support/events.ts'

const LABELS = ['application', 'variant', 'country']
const EVERY_MS = 5 * MINUTE_MS
/** A row comes so long after its search. */
const LAG_MS = 30 * MINUTE_MS
const VALUES_MAX = 50

interface Case {
  readonly labels: number
  /** How many values of each label the day has. */
  readonly values: number
  readonly searchesADay: number
  /** How much of the day to run. */
  readonly hours: number
}

/** Searches spread evenly over the day, with values that some users have more often. */
function rowsOfDay({ values, searchesADay }: Case): SearchRow[] {
  const samples = rowsOf(5).filter((row): row is SearchRow => row.kind === 'search')
  return Array.from({ length: searchesADay }, (_, n) => {
    const user = Math.floor((n * 7919) % (searchesADay / 4))
    const timeMs = at(0) + (n * DAY_MS) / searchesADay
    const hour = hourAt(timeMs)
    const value = `value ${Math.floor((values * ((n * 104_729) % searchesADay) ** 2) / searchesADay ** 2)}`
    return {
      ...(samples[n % samples.length] as SearchRow),
      pk: `user#u${user}`,
      sk: `search#${n}`,
      day: hour.slice(0, 10),
      hour: Number(hour.slice(-2)),
      time: new Date(timeMs).toISOString(),
      labels: Object.fromEntries(LABELS.map((label) => [label, value])),
    }
  })
}

/** Counts each write as DynamoDB bills it: by the larger of the items before and after. */
function metered(store: RollupStore) {
  const bytesBefore = new Map<string, number>()
  const used = { units: 0, largestBytes: 0 }
  const bytesOf = (sum: Sum): number => {
    const item: Item = 'values' in sum ? segmentItem(sum) : { ...sum }
    return itemBytes({ ...item, ...metadataAttributes({ computedAtMs: 0, expiresAtMs: 0 }, 1) })
  }
  const save: RollupStore['save'] = (sum, base, metadata) => {
    const key = `${sum.pk} ${sum.sk}`
    const bytes = bytesOf(sum)
    used.units += writeUnits(Math.max(bytes, bytesBefore.get(key) ?? 0))
    used.largestBytes = Math.max(used.largestBytes, bytes)
    bytesBefore.set(key, bytes)
    return store.save(sum, base, metadata)
  }
  return { used, store: { ...store, save } }
}

/** Runs the rollup every five minutes for a day, and until the last hour is summed. */
async function unitsOfDay(day: Case): Promise<{ units: number; largestBytes: number }> {
  const shown = new Map<string, ResultRow[]>()
  const dirtyHours = memoryDirtyHours()
  const { used, store } = metered(memoryRollupStore((hour) => shown.get(hour) ?? [], sha256))
  const ports = { dirtyHours, rollups: store, digest: sha256, hasTime: () => true }
  const settings = {
    rollupRetentionMs: 1100 * DAY_MS,
    rankEveryMs: 1000 * DAY_MS,
    segments: LABELS.slice(0, day.labels),
    segmentValuesMax: VALUES_MAX,
  }
  const waiting = rowsOfDay(day).filter(({ hour }) => hour < day.hours)
  for (let nowMs = at(0); nowMs < at(0) + (day.hours + 2) * HOUR_MS; nowMs += EVERY_MS) {
    const until = waiting.findIndex(({ time }) => Date.parse(time) + LAG_MS > nowMs)
    const come = waiting.splice(0, until === -1 ? waiting.length : until)
    for (const row of come) shown.set(hourOf(row), [...(shown.get(hourOf(row)) ?? []), row])
    const hours = [...new Set(come.map(hourOf))]
    await dirtyHours.mark(hours.map((of) => ({ kind: 'hour', of, atMs: nowMs })))
    const { failed } = await rollup({ drain: false }, ports, settings, nowMs)
    expect(failed).toBeNull()
  }
  return used
}

/** The units that docs/results.md states for a day, rounded up. */
const STATED = [
  { labels: 1, values: 3, units: 1400 },
  { labels: 3, values: 3, units: 4000 },
  { labels: 1, values: 50, units: 10_500 },
]

async function addedUnits(labels: number, values: number, hours = 24): Promise<number> {
  const day = { values, searchesADay: 2400, hours }
  const whole = await unitsOfDay({ ...day, labels: 0 })
  const all = await unitsOfDay({ ...day, labels })
  return all.units - whole.units
}

it.each(STATED)(
  '$labels labels of $values values add at most $units write units a day',
  async (stated) => {
    const added = await addedUnits(stated.labels, stated.values)
    expect(added).toBeLessThanOrEqual(stated.units)
    expect(added).toBeGreaterThan(0.9 * stated.units)
  },
  120_000,
)

it('a label with a thousand values costs no more units than one that just passes the maximum', async () => {
  const many = await addedUnits(1, 20 * VALUES_MAX, 3)
  expect(many).toBeLessThanOrEqual(await addedUnits(1, VALUES_MAX + 1, 3))
}, 120_000)
