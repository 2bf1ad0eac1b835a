// Reads what a report shows from a run in memory.

import type { ClosedSession } from '../../functions/domain/results/result.ts'
import { type DayRollup, type HourRollup, hourOf } from '../../functions/domain/results/rollup.ts'
import type { DaySegments, HourSegments, SegmentRollup } from '../../functions/domain/results/segments.ts'
import type { DayRange, ReportPorts } from '../../report/report-data.ts'
import type { MemoryStores } from './memory-ports.ts'

export function memoryReportReads({ rollups, results, sessions }: MemoryStores): ReportPorts {
  const isIn = ({ day }: { readonly day: string }, { from, to }: DayRange): boolean => day >= from && day <= to
  const all = (): (HourRollup | DayRollup)[] => [...rollups.rollups.values()]
  const hoursIn = (range: DayRange): HourRollup[] =>
    all().filter((rollup): rollup is HourRollup => rollup.kind === 'hour' && isIn(rollup, range))
  const segments = (): SegmentRollup[] => [...rollups.segments.values()]
  const isOf = (one: SegmentRollup, label: string, range: DayRange): boolean => one.label === label && isIn(one, range)
  const closedIn = (hour: string): ClosedSession[] =>
    [...results.rowsInHour(hour)]
      .filter(({ kind }) => kind === 'session')
      .sort((a, b) => (a.session_id > b.session_id ? -1 : 1))
      .flatMap(({ user, session_id: id }) => sessions.closed.get(JSON.stringify([user, id]))?.closed ?? [])
  return {
    readDays: async (range) =>
      all().filter((rollup): rollup is DayRollup => rollup.kind === 'day' && isIn(rollup, range)),
    readHours: async (range) => hoursIn(range),
    readDaySegments: async (label, range) =>
      segments().filter((one): one is DaySegments => one.kind === 'day-segments' && isOf(one, label, range)),
    readHourSegments: async (label, range) =>
      segments().filter((one): one is HourSegments => one.kind === 'hour-segments' && isOf(one, label, range)),
    readQueries: async (day) => rollups.queries.get(day) ?? [],
    sampleSessions: async (range, sessionsMax) => {
      const sampled: ClosedSession[] = []
      const hours = hoursIn(range).sort((a, b) => (a.sk > b.sk ? -1 : 1))
      for (const hour of hours) {
        if (sampled.length >= sessionsMax) break
        sampled.push(...closedIn(hourOf(hour)).slice(0, sessionsMax - sampled.length))
      }
      return sampled
    },
  }
}
