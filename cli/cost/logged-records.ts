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
  /** True if the log holds more than is read of it. */
  readonly isPart: boolean
}

/**
 * How much is read of a log. Several replays of so many events take a minute. Lines without an
 * event count too, since the stream carries them.
 */
export const READ_MAX = { events: 50_000, lines: 150_000, bytes: 128 * 1024 * 1024 } as const

/** Reads each line as ingest would. A line without any event, such as an impression, counts too. */
export async function readLoggedRecords(
  source: Pick<LogSource, 'lines'>,
  rules: Rules,
  nowMs: number,
  max: Readonly<Record<keyof typeof READ_MAX, number>> = READ_MAX,
): Promise<LoggedRecords> {
  const records: LoggedRecord[] = []
  const users = new Set<string>()
  let events = 0
  let bytes = 0
  for await (const { line } of source.lines()) {
    const isFull = events >= max.events || records.length === max.lines || bytes + line.length > max.bytes
    if (isFull) return { records, events, users: users.size, isPart: true }
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
    bytes += line.length
  }
  return { records, events, users: users.size, isPart: false }
}
