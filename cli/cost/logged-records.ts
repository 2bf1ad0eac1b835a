// Reads the records of a log with the users and times of their events.

import type { Rules } from '../../functions/domain/sessions/rules.ts'
import type { LoggedRecord } from '../../local/cost/log-batches.ts'
import { checkLine } from '../produce/checked-lines.ts'
import type { LogSource } from '../produce/log-source.ts'

export interface LoggedRecords {
  readonly records: readonly LoggedRecord[]
  /** Bad events too. */
  readonly events: number
  readonly users: number
  /** True if the log holds more events than `EVENTS_MAX`. */
  readonly isPart: boolean
}

/** The events that are read of a log. Several replays of so many take a minute. */
export const EVENTS_MAX = 50_000

/** Reads each line as ingest would. A line without any event, such as an impression, counts too. */
export async function readLoggedRecords(source: LogSource, rules: Rules, nowMs: number): Promise<LoggedRecords> {
  const records: LoggedRecord[] = []
  const users = new Set<string>()
  let events = 0
  for await (const { line } of source.lines()) {
    if (events >= EVENTS_MAX) return { records, events, users: users.size, isPart: true }
    const checked = checkLine(line, nowMs, 'auto', rules)
    const timesMs = checked.good.flatMap(({ event, hasTime }) => (hasTime ? event.timeMs : []))
    for (const { user } of checked.good) users.add(user)
    records.push({
      user: checked.good[0]?.user ?? null,
      timeMs: timesMs.length === 0 ? null : timesMs.reduce((latest, timeMs) => Math.max(latest, timeMs)),
      data: line,
      events: checked.events,
    })
    events += checked.events
  }
  return { records, events, users: users.size, isPart: false }
}
