// Reads the rollups and the closed sessions of a report, and bounds what the report holds.

import { DAY_MS } from '../functions/domain/durations.ts'
import { nonEmpty } from '../functions/domain/non-empty.ts'
import { attribute } from '../functions/domain/results/attribution.ts'
import type { ClosedSession } from '../functions/domain/results/result.ts'
import type { DayRollup, HourRollup } from '../functions/domain/results/rollup.ts'
import { segmentOf } from '../functions/domain/results/segment-sums.ts'
import type { Segment } from '../functions/domain/results/segments.ts'
import type { QueryRollup } from '../functions/domain/results/top-queries.ts'
import { firstEvent } from '../functions/domain/sessions/session.ts'
import { UserError } from '../terminal/user-error.ts'
import { type ExploredSession, exploreSession } from './explored-session.ts'
import { type QueryTotals, totalQueries } from './query-totals.ts'
import { inOrder, type LabelSegments, readLabels, readSegment, type SegmentPorts } from './segment-data.ts'
import type { ReportVariants } from './variant-charts.ts'

/** Both days are inclusive. */
export interface DayRange {
  readonly from: string
  readonly to: string
}

/**
 * The reads of a report. They may return items in any order. A day or an hour without an item had
 * no searches and no sessions.
 */
export interface ReportPorts extends SegmentPorts {
  readDays(range: DayRange): Promise<readonly DayRollup[]>
  readHours(range: DayRange): Promise<readonly HourRollup[]>
  readQueries(day: string): Promise<readonly QueryRollup[]>
  /**
   * Returns the most recent closed sessions that have a search and began in the range, at most
   * `sessionsMax` of them.
   */
  sampleSessions(range: DayRange, sessionsMax: number): Promise<readonly ClosedSession[]>
}

export interface ReportWanted {
  readonly pipeline: string
  readonly range: DayRange
  readonly madeAtMs: number
  /** Replaces user ids by `user 1`, `user 2` and so on. */
  readonly hideUsers: boolean
  readonly sessionsMax: number
  /** Null for a report of all searches. */
  readonly segment: Segment | null
  /** Names and values to print, such as the gap. Empty where they are unknown. */
  readonly settings: readonly (readonly [string, string])[]
}

export interface ReportData {
  /** Absent where no label is compared. */
  readonly variants?: ReportVariants
  readonly pipeline: string
  readonly range: DayRange
  readonly madeAtMs: number
  readonly settings: readonly (readonly [string, string])[]
  /** The value of a label that all searches of the report have; null where it has all searches. */
  readonly segment: ReportSegment | null
  /** In order of time. Those of a segment hold counts of searches only. */
  readonly days: readonly DayRollup[]
  /** The rollups of as many days just before the range, in order of time. */
  readonly daysBefore: readonly DayRollup[]
  /** The hours of a range of at most `HOURLY_DAYS_MAX` days, in order of time. */
  readonly hours: readonly HourRollup[]
  /** The searches of each hour of the day, from 0 to 23 (UTC), in the whole range. */
  readonly searchesByHour: readonly number[]
  /** Empty in a report of one segment. */
  readonly segments: readonly LabelSegments[]
  readonly queries: { readonly range: DayRange; readonly totals: QueryTotals }
  readonly explorer: {
    readonly sessions: readonly ExploredSession[]
    readonly usersHidden: boolean
    /** The number of sampled sessions for which the file has no room. */
    readonly leftOut: number
  }
}

export interface ReportSegment extends Segment {
  /** The days of the range on which searches of the segment may be among the others. */
  readonly uncertainDays: number
  /** The days with searches that have no sums by the label. */
  readonly daysWithout: number
}

/** A report of at most this many days shows hours; a longer one shows days. */
export const HOURLY_DAYS_MAX = 3
export const DAYS_MAX = 1100
export const SESSIONS_DEFAULT = 200
export const SESSIONS_MAX = 1000
/** A report reads the hours of so many days at once, and sums them. */
const HOURS_READ_DAYS = 31
/** A report reads the queries of at most this many days, since a day has up to 3,000 items. */
export const QUERY_DAYS_MAX = 31
export const QUERY_ROWS_MAX = 100
/** Bounds all sessions of the explorer as JSON. */
const EXPLORER_CHARACTERS_MAX = 4_000_000

/** Throws `UserError` for an invalid range or number of sessions, and for an unknown label. */
export async function readReport(ports: ReportPorts, wanted: ReportWanted): Promise<ReportData> {
  const { range, pipeline, madeAtMs, settings } = wanted
  checkBounds(wanted)
  const queryDays = daysOf(range).slice(-QUERY_DAYS_MAX)
  const queries: QueryRollup[][] = []
  if (wanted.segment === null) for (const day of queryDays) queries.push([...(await ports.readQueries(day))])
  return {
    pipeline,
    range,
    madeAtMs,
    settings,
    ...(await readSums(ports, wanted)),
    queries: {
      range: { from: nonEmpty(queryDays)[0], to: range.to },
      totals: totalQueries(queries, QUERY_ROWS_MAX),
    },
    explorer: explore(await ports.sampleSessions(range, wanted.sessionsMax), wanted),
  }
}

async function readSums(ports: ReportPorts, { range, segment }: ReportWanted) {
  const dayCount = daysIn(range)
  const before = { from: dayAfter(range.from, -dayCount), to: dayAfter(range.from, -1) }
  const isHourly = dayCount <= HOURLY_DAYS_MAX
  const days = inOrder(await ports.readDays(range))
  if (segment !== null) {
    const { uncertainDays, daysWithout, ...own } = await readSegment(ports, segment, days, { range, before, isHourly })
    return { ...own, searchesByHour: [], segments: [], segment: { ...segment, uncertainDays, daysWithout } }
  }
  const hours = isHourly ? inOrder(await ports.readHours(range)) : []
  return {
    segment: null,
    days,
    daysBefore: inOrder(await ports.readDays(before)),
    hours,
    searchesByHour: isHourly ? addHours(NO_HOURS, hours) : await sumHoursOfDay(ports, range),
    segments: await readLabels(ports, days, range, isHourly),
  }
}

const NO_HOURS: readonly number[] = Array<number>(24).fill(0)

/** Adds the searches of hours to those of their hour of the day. */
function addHours(sums: readonly number[], hours: readonly HourRollup[]): number[] {
  const added = [...sums]
  for (const { hour, searches } of hours) added[hour] = (added[hour] ?? 0) + searches
  return added
}

async function sumHoursOfDay(ports: ReportPorts, range: DayRange): Promise<readonly number[]> {
  let sums = NO_HOURS
  for (let from = range.from; from <= range.to; from = dayAfter(from, HOURS_READ_DAYS)) {
    const last = dayAfter(from, HOURS_READ_DAYS - 1)
    sums = addHours(sums, await ports.readHours({ from, to: last < range.to ? last : range.to }))
  }
  return sums
}

function checkBounds({ range, sessionsMax }: ReportWanted): void {
  for (const day of [range.from, range.to]) {
    if (!isDay(day)) throw new UserError(`a report needs days like 2026-03-02, and ${day} is not one`)
  }
  const dayCount = daysIn(range)
  if (dayCount < 1 || dayCount > DAYS_MAX) {
    throw new UserError(`a report covers 1 to ${DAYS_MAX} days, and from ${range.from} to ${range.to} are ${dayCount}`)
  }
  if (!(Number.isInteger(sessionsMax) && sessionsMax >= 0 && sessionsMax <= SESSIONS_MAX)) {
    throw new UserError(`a report holds 0 to ${SESSIONS_MAX} sessions, not ${sessionsMax}`)
  }
}

/** JavaScript reads 30 February as a day of March, so the day has to survive a round trip. */
function isDay(day: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(Date.parse(day)) && dayAfter(day, 0) === day
}

function explore(sampled: readonly ClosedSession[], wanted: ReportWanted): ReportData['explorer'] {
  const { hideUsers, sessionsMax, segment } = wanted
  const startMs = ({ session }: ClosedSession): number => firstEvent(session).timeMs
  // A Search that repeats a search id has no labels of its own (R1).
  const isWanted = ({ session: { events } }: ClosedSession): boolean =>
    segment === null
      ? events.some(({ type }) => type === 'Search')
      : attribute(events).searches.some(({ search }) => segmentOf(search, segment.label) === segment.value)
  const withSearch = sampled.filter(isWanted)
  const recent = withSearch.sort((a, b) => startMs(b) - startMs(a)).slice(0, sessionsMax)
  const numbers = new Map([...new Set(recent.map(({ user }) => user))].map((user, index) => [user, index + 1]))
  const sessions: ExploredSession[] = []
  let characters = 0
  for (const closed of recent) {
    const user = hideUsers ? `user ${numbers.get(closed.user)}` : closed.user
    const session = exploreSession(closed, user, hideUsers)
    characters += JSON.stringify(session).length
    if (characters > EXPLORER_CHARACTERS_MAX) break
    sessions.push(session)
  }
  return { sessions, usersHidden: hideUsers, leftOut: recent.length - sessions.length }
}

export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 'YYYY-MM-DD'.length)
}

export function daysIn({ from, to }: DayRange): number {
  return (Date.parse(to) - Date.parse(from)) / DAY_MS + 1
}

export function daysOf(range: DayRange): string[] {
  return Array.from({ length: daysIn(range) }, (_, index) => dayAfter(range.from, index))
}
