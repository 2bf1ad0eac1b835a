// Writes the searches of an hour and of a day by the values of labels (M4, M5).

import { type CountName, SEARCH_COUNTS } from '../domain/results/counts.ts'
import { type DayRollup, type HourRollup, hourOf, segmentsIn } from '../domain/results/rollup.ts'
import { sumSegments } from '../domain/results/segment-sums.ts'
import {
  type DaySegments,
  daySegments,
  daySegmentsKey,
  type HourSegments,
  hourSegments,
  hourSegmentsKey,
  NO_VALUE,
  type SegmentSum,
} from '../domain/results/segments.ts'
import type { StoredRollup } from '../result-ports.ts'
import type { RollupRun } from './rollup-run.ts'
import { saveIfChanged } from './save-sum.ts'

/** `[label, revision]`, 0 for none. */
export type SegmentRevisions = readonly (readonly [string, number])[]

type StoredSegments = ReadonlyMap<string, StoredRollup<HourSegments> | null>

/**
 * Returns the labels to sum by: those of the setting, and those by which the sums are stored. A
 * label that was taken out of the setting is summed on in old hours, so that forgetting a user
 * takes the user out of these sums too.
 */
export function segmentLabels(
  { settings }: Pick<RollupRun, 'settings'>,
  sums: readonly (HourRollup | DayRollup)[],
): string[] {
  return [...new Set([...settings.segments, ...sums.flatMap(segmentsIn)])].sort()
}

export async function loadHourSegments(
  hour: string,
  labels: readonly string[],
  { ports }: RollupRun,
): Promise<StoredSegments> {
  const stored = new Map<string, StoredRollup<HourSegments> | null>()
  for (const label of labels) stored.set(label, await ports.rollups.load<HourSegments>(hourSegmentsKey(label, hour)))
  return stored
}

export function revisionsOf(stored: StoredSegments): SegmentRevisions {
  return [...stored].map(([label, segments]) => [label, segments?.revision ?? 0])
}

/** Returns whether any of the stored sums has changed. */
export async function saveHourSegments(
  hour: HourRollup,
  summed: readonly { readonly label: string; readonly values: readonly SegmentSum[] }[],
  stored: StoredSegments,
  run: RollupRun,
): Promise<boolean> {
  let hasChanged = false
  for (const { label, values } of summed) {
    const segments = hourSegments(label, hourOf(hour), values, hour.rows_expire_at)
    if (await saveIfChanged(segments, stored.get(label) ?? null, run)) hasChanged = true
  }
  return hasChanged
}

/** Returns as `saveHourSegments` does. Throws VersionConflictError as `save` does. */
export async function sumDaySegments(
  day: string,
  hours: readonly HourRollup[],
  labels: readonly string[],
  run: RollupRun,
): Promise<boolean> {
  const { rollups } = run.ports
  let hasChanged = false
  for (const label of labels) {
    const stored = await rollups.load<DaySegments>(daySegmentsKey(label, day))
    const byHour = new Map((await rollups.segmentHoursOf(day, label)).map((segments) => [segments.sk, segments]))
    const values = hours.map((hour) => {
      const isSummed = byHour.has(hour.sk) || segmentsIn(hour).includes(label)
      return isSummed ? (byHour.get(hour.sk)?.values ?? []) : [withoutValue(hour)]
    })
    const summed = daySegments(label, day, sumSegments(values, run.settings.segmentValuesMax))
    if (await saveIfChanged(summed, stored, run)) hasChanged = true
  }
  return hasChanged
}

/** The searches of an hour that is not summed by the label. Their buckets are not known. */
function withoutValue(hour: HourRollup): SegmentSum {
  const counts = SEARCH_COUNTS.map((name): [CountName, number] => [name, hour[name] ?? 0])
  return { value: NO_VALUE, counts: Object.fromEntries(counts), buckets: [] }
}

/**
 * Lets the next run sum the hours again that were summed before the setting named a label, so that
 * their days know the buckets of all searches.
 */
export async function markWithoutSegments(hours: readonly HourRollup[], run: RollupRun): Promise<void> {
  const { computedAtMs } = run.metadata
  const lacksLabel = (hour: HourRollup): boolean =>
    run.settings.segments.some((label) => !segmentsIn(hour).includes(label))
  const hasAllRows = ({ rows_expire_at: at }: HourRollup): boolean => at === null || Date.parse(at) > computedAtMs
  const marked = hours.filter((hour) => lacksLabel(hour) && hasAllRows(hour))
  if (marked.length === 0) return
  await run.ports.dirtyHours.mark(marked.map((hour) => ({ kind: 'hour', of: hourOf(hour), atMs: computedAtMs })))
}
