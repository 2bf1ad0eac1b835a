// Makes the ports of a report from sent events, with only the domain.

import { readFileSync } from 'node:fs'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { type Decoded, decodeEvent } from '../../functions/domain/events/decode.ts'
import { compareEvents, type Event, eventKey } from '../../functions/domain/events/event.ts'
import type { ClosedSession, ResultRow } from '../../functions/domain/results/result.ts'
import { toRows } from '../../functions/domain/results/result-rows.ts'
import { dayRollup, type HourRollup, hourOf, hourRollup, sumRows } from '../../functions/domain/results/rollup.ts'
import { SegmentSums, sumSegments } from '../../functions/domain/results/segment-sums.ts'
import {
  type DaySegments,
  daySegments,
  type HourSegments,
  hourSegments,
} from '../../functions/domain/results/segments.ts'
import { type QueryRollup, QueryTallies, queryRollups } from '../../functions/domain/results/top-queries.ts'
import { firstEvent, lastEvent, type Session, toSessions } from '../../functions/domain/sessions/session.ts'
import type { DayRange, ReportPorts, ReportWanted } from '../../report/report-data.ts'
import { ROW_RULES, RULES, type Sent } from './events.ts'

export function sentIn(path: string): Sent[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** Names of values in an hour and a day, at most. */
const SEGMENT_VALUES_MAX = 50

/** Closes every session and sums every hour and day, as if no more events came. */
export function reportPorts(sent: readonly Sent[], segments: readonly string[] = []): ReportPorts {
  const closed = closedSessions(sent)
  const rows = closed.flatMap((one) => toRows(one, sha256, { ...ROW_RULES, segments }))
  const hours = hourRollups(rows, segments)
  const days = [...grouped(hours, ({ day }) => day)].map(([day, ofDay]) => dayRollup(day, ofDay, segments))
  const within = <Item extends { readonly day: string }>(items: readonly Item[], { from, to }: DayRange): Item[] =>
    items.filter(({ day }) => day >= from && day <= to)
  return {
    readDays: async (range) => within(days, range),
    readHours: async (range) => within(hours, range),
    readDaySegments: async (label, range) => within(daysByLabel(label, rows), range),
    readHourSegments: async (label, range) => within(hoursByLabel(label, rows), range),
    readQueries: async (day) => queriesOf(day, rows),
    sampleSessions: async ({ from, to }, sessionsMax) => {
      const day = ({ session }: ClosedSession): string =>
        new Date(firstEvent(session).timeMs).toISOString().slice(0, 10)
      return closed.filter((one) => day(one) >= from && day(one) <= to).slice(0, sessionsMax)
    },
  }
}

export function closedSessions(sent: readonly Sent[]): ClosedSession[] {
  const decodedEvents = sent.map((fields) => {
    const decoded = decodeEvent(fields, Number.MAX_SAFE_INTEGER, RULES, sha256)
    if (!decoded.ok) throw new Error(`${decoded.reason}: ${decoded.detail}`)
    return decoded
  })
  const closed = [...grouped(decodedEvents, ({ user }) => user)].flatMap(([user, decoded]) =>
    toSessions(eventsOf(decoded), [], RULES).map(
      (session): ClosedSession => ({ user, session, reason: reasonOf(session), version: 1 }),
    ),
  )
  return closed.sort((a, b) => firstEvent(b.session).timeMs - firstEvent(a.session).timeMs)
}

function reasonOf(session: Session): ClosedSession['reason'] {
  const { type } = lastEvent(session)
  return type === 'AppClose' ? 'app_close' : type === 'Timeout' ? 'timeout' : 'gap'
}

/** Returns each event once (E2), in order (S2). */
function eventsOf(decoded: readonly Decoded[]): Event[] {
  return [...new Map(decoded.map(({ event }) => [eventKey(event), event])).values()].sort(compareEvents)
}

function grouped<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}

function hourRollups(rows: readonly ResultRow[], segments: readonly string[]): HourRollup[] {
  return [...grouped(rows, hourOf)].map(([hour, ofHour]) => hourRollup(hour, sumRows(ofHour), null, segments))
}

function hoursByLabel(label: string, rows: readonly ResultRow[]): HourSegments[] {
  return [...grouped(rows, hourOf)].flatMap(([hour, ofHour]) => {
    const sums = new SegmentSums([label], sha256)
    for (const row of ofHour) sums.add(row)
    const [values] = sums.all(SEGMENT_VALUES_MAX).map((sum) => sum.values)
    return values === undefined || values.length === 0 ? [] : [hourSegments(label, hour, values, null)]
  })
}

function daysByLabel(label: string, rows: readonly ResultRow[]): DaySegments[] {
  const hours = hoursByLabel(label, rows).sort((a, b) => a.hour - b.hour)
  return [...grouped(hours, ({ day }) => day)].map(([day, ofDay]) => {
    const values = sumSegments(
      ofDay.map((hour) => hour.values),
      SEGMENT_VALUES_MAX,
    )
    return daySegments(label, day, values)
  })
}

function queriesOf(day: string, rows: readonly ResultRow[]): QueryRollup[] {
  const tallies = new QueryTallies()
  for (const row of rows) if (row.kind === 'search' && row.day === day) tallies.add(row)
  return queryRollups(day, tallies.all())
}

export function wanted(range: DayRange, changes: Partial<ReportWanted> = {}): ReportWanted {
  return {
    pipeline: 'SearchSessionCtr',
    range,
    madeAtMs: Date.parse(range.to) + 30 * 3_600_000,
    hideUsers: false,
    sessionsMax: 200,
    segment: null,
    settings: [['Gap', '30 min']],
    ...changes,
  }
}
