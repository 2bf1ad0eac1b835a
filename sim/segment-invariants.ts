// Checks at rest that the sums by label are those of an independent reading of the rows, and that
// they add up to the whole.

import { SEARCH_COUNTS } from '../functions/domain/results/counts.ts'
import type { SearchRow } from '../functions/domain/results/result.ts'
import { type DayRollup, type HourRollup, hourOf } from '../functions/domain/results/rollup.ts'
import { BUCKET_COUNTS, type SegmentRollup, type SegmentSum } from '../functions/domain/results/segments.ts'
import type { SegmentSettings } from '../functions/rollup/rollup-run.ts'
import { type OracleSegment, oracleDay, oracleHour } from './oracle-segments.ts'
import type { Stores } from './stores.ts'

export function checkSegments(
  { results, rollups }: Pick<Stores, 'results' | 'rollups'>,
  { segments, segmentValuesMax }: SegmentSettings,
  report: (what: string) => void,
): void {
  const rows = [...results.rows.values()].filter((row): row is SearchRow => row.kind === 'search')
  const hours = [...new Set(rows.map(hourOf))].sort()
  const expected = new Map<string, readonly OracleSegment[]>()
  for (const label of segments) {
    const byHour = hours.map((hour) => {
      const inHour = rows.filter((row) => hourOf(row) === hour)
      return { hour, segments: oracleHour(inHour, label, segmentValuesMax) }
    })
    for (const { hour, segments: sums } of byHour) expected.set(`rollup#hour#${label} ${hour}`, sums)
    for (const day of new Set(rows.map((row) => row.day))) {
      const ofDay = byHour.filter(({ hour }) => hour.startsWith(day)).map((hour) => hour.segments)
      expected.set(`rollup#day#${label} ${day}`, oracleDay(ofDay, segmentValuesMax))
    }
  }
  for (const key of rollups.segments.keys()) if (!expected.has(key)) report(`the sum ${key} has no rows`)
  for (const [key, sums] of expected) {
    const stored = rollups.segments.get(key)
    const found = JSON.stringify(stored?.values.map(asOracle))
    if (found !== JSON.stringify(sums)) report(`the sum ${key} is ${JSON.stringify(sums)}, not ${found}`)
    if (stored !== undefined) checkWhole(stored, rollups.rollups, report)
  }
}

function asOracle({ value, counts, buckets }: SegmentSum): OracleSegment {
  return {
    value,
    counts: BUCKET_COUNTS.map((name) => counts[name] ?? 0),
    buckets: buckets.map((bucket) => BUCKET_COUNTS.map((name) => bucket[name])),
  }
}

/** Reports a count of which the values do not add up to that of the hour or day. */
function checkWhole(
  { kind, sk, values }: SegmentRollup,
  sums: ReadonlyMap<string, HourRollup | DayRollup>,
  report: (what: string) => void,
): void {
  const whole = sums.get(`rollup#${kind === 'hour-segments' ? 'hour' : 'day'} ${sk}`)
  for (const name of SEARCH_COUNTS) {
    const sum = values.reduce((count, { counts }) => count + (counts[name] ?? 0), 0)
    if (sum !== whole?.[name]) report(`the values of ${sk} have ${sum} ${name}, and the whole has ${whole?.[name]}`)
  }
}
