// Reads the sums by label of a report, and sums the values of each label over its days.

import { addCounts, type Counts } from '../functions/domain/results/counts.ts'
import {
  type DayRollup,
  dayRollup,
  type HourRollup,
  hourRollup,
  segmentsIn,
} from '../functions/domain/results/rollup.ts'
import {
  type DaySegments,
  type HourSegments,
  isRest,
  OTHER_VALUES,
  type Segment,
  type SegmentRollup,
} from '../functions/domain/results/segments.ts'
import { UserError } from '../terminal/user-error.ts'

/** Both days are inclusive. */
interface Days {
  readonly from: string
  readonly to: string
}

/** Buckets may be empty in what these return. */
export interface SegmentPorts {
  readDaySegments(label: string, range: Days): Promise<readonly DaySegments[]>
  readHourSegments(label: string, range: Days): Promise<readonly HourSegments[]>
}

/** The searches with one value of a label in one day or hour. */
export interface SegmentPeriod {
  /** The day or the hour, such as `2026-03-02T09`. */
  readonly of: string
  readonly counts: Counts
}

export interface SegmentValue {
  readonly value: string
  /** Those of all days. */
  readonly counts: Counts
  readonly days: readonly SegmentPeriod[]
  /** Empty in a report by day. */
  readonly hours: readonly SegmentPeriod[]
}

export interface LabelSegments {
  readonly label: string
  /** The most asked first, then those that no day names on its own. */
  readonly values: readonly SegmentValue[]
  /** How many further values the report has no room for. */
  readonly leftOut: number
  /** The days whose searches are in no value, since their sums are from before the label. */
  readonly daysWithout: number
}

/** A report lists at most so many values of a label. */
export const SEGMENT_ROWS_MAX = 100

/** @param isHourly false reads no hours. */
export async function readLabels(
  ports: SegmentPorts,
  days: readonly DayRollup[],
  range: Days,
  isHourly: boolean,
): Promise<LabelSegments[]> {
  const labels = labelsIn(days)
  const found: LabelSegments[] = []
  for (const label of labels) {
    const values = byValue(await ports.readDaySegments(label, range))
    const hours = byValue(isHourly ? await ports.readHourSegments(label, range) : [])
    const all = [...values].map(([value, periods]): SegmentValue => {
      const counts = periods.reduce<Counts>((sum, period) => addCounts(sum, period.counts), {})
      return { value, counts, days: periods, hours: hours.get(value) ?? [] }
    })
    const ranked = all.sort((a, b) => rank(a) - rank(b) || (a.value < b.value ? -1 : 1))
    const others = ranked.slice(SEGMENT_ROWS_MAX)
    const shown = ranked.slice(0, SEGMENT_ROWS_MAX)
    found.push({ label, values: shown, leftOut: others.length, daysWithout: daysWithout(label, days) })
  }
  return found
}

function rank({ value, counts }: SegmentValue): number {
  return value === OTHER_VALUES ? Number.POSITIVE_INFINITY : -(counts.searches ?? 0)
}

function byValue(sums: readonly SegmentRollup[]): Map<string, SegmentPeriod[]> {
  const found = new Map<string, SegmentPeriod[]>()
  for (const { sk, values } of [...sums].sort((a, b) => (a.sk < b.sk ? -1 : 1))) {
    for (const { value, counts } of values) {
      const periods = found.get(value) ?? []
      periods.push({ of: sk, counts })
      found.set(value, periods)
    }
  }
  return found
}

/** The sums of a report that counts one segment only. */
export interface SegmentReport {
  readonly days: readonly DayRollup[]
  readonly daysBefore: readonly DayRollup[]
  readonly hours: readonly HourRollup[]
  readonly uncertainDays: number
  /** The days with searches that have no sums by the label. */
  readonly daysWithout: number
}

/** Throws `UserError` where no day has sums by the label. */
export async function readSegment(
  ports: SegmentPorts,
  { label, value }: Segment,
  whole: readonly DayRollup[],
  { range, before, isHourly }: { readonly range: Days; readonly before: Days; readonly isHourly: boolean },
): Promise<SegmentReport> {
  const labels = labelsIn(whole)
  if (whole.length > 0 && !labels.includes(label)) {
    const known = labels.length === 0 ? 'There are none.' : `There are sums by ${labels.join(', ')}.`
    throw new UserError(
      `No day from ${range.from} to ${range.to} has sums by the label ${label}: the setting segments names labels. ${known}`,
    )
  }
  const daySum = ({ day, values }: DaySegments): DayRollup[] =>
    countsOf(values).map((counts) => dayRollup(day, [hourRollup(`${day}T00`, counts)]))
  const countsOf = (values: SegmentRollup['values']): Counts[] =>
    values.filter((one) => one.value === value).map(({ counts }) => counts)
  const hours = isHourly ? await ports.readHourSegments(label, range) : []
  const stored = await ports.readDaySegments(label, range)
  const storedBefore = await ports.readDaySegments(label, before)
  const names = ({ values }: DaySegments, name: string): boolean => values.some((one) => one.value === name)
  return {
    days: inOrder(stored.flatMap(daySum)),
    daysBefore: inOrder(storedBefore.flatMap(daySum)),
    hours: inOrder(hours.flatMap(({ sk, values }) => countsOf(values).map((counts) => hourRollup(sk, counts)))),
    // Searches without the label are never among the others.
    uncertainDays: isRest(value) ? 0 : stored.filter((day) => names(day, OTHER_VALUES)).length,
    daysWithout: daysWithout(label, whole),
  }
}

function daysWithout(label: string, days: readonly DayRollup[]): number {
  return days.filter((day) => day.searches > 0 && !segmentsIn(day).includes(label)).length
}

function labelsIn(days: readonly DayRollup[]): string[] {
  return [...new Set(days.flatMap(segmentsIn))].sort()
}

/** By time. */
export function inOrder<Rollup extends { readonly sk: string }>(rollups: readonly Rollup[]): Rollup[] {
  return [...rollups].sort((a, b) => (a.sk < b.sk ? -1 : 1))
}
