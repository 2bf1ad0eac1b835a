// A log's lines before they are sent: each in, what ingest would say to its events out.

import { sha256 } from '../functions/aws/digest.ts'
import { recordEvents } from '../functions/aws/record-events.ts'
import { decodeEvent, type RejectReason } from '../functions/domain/decode.ts'

export interface LineProblem {
  /** Of the event in a packed line, from 1; null for the line itself. */
  readonly event: number | null
  readonly reason: RejectReason
  readonly detail: string
}

export interface CheckedLine {
  readonly events: number
  readonly problems: readonly LineProblem[]
  /** Events that happen when they arrive: sent again, they happen again. */
  readonly withoutTime: number
}

/** What Kinesis takes in a record, less the longest key. */
const LINE_BYTES_MAX = 1024 * 1024 - 1024

/** How far in the future is too far is a setting of the deployment: that is left to ingest. */
export function checkLine(line: Buffer, nowMs: number): CheckedLine {
  if (line.length > LINE_BYTES_MAX) {
    const detail = `more than ${LINE_BYTES_MAX} bytes in one record`
    return { events: 1, problems: [{ event: null, reason: 'too-large', detail }], withoutTime: 0 }
  }
  const problems: LineProblem[] = []
  let withoutTime = 0
  const { events } = recordEvents(line)
  for (const [index, { place, read }] of events.entries()) {
    const parsed = read()
    const decoded = parsed.ok ? decodeEvent(parsed.value, nowMs, Number.POSITIVE_INFINITY, sha256) : parsed
    if (!decoded.ok) {
      problems.push({ event: place === null ? null : index + 1, reason: decoded.reason, detail: decoded.detail })
    } else if (parsed.ok && isWithoutTime(parsed.value)) withoutTime++
  }
  return { events: events.length, problems, withoutTime }
}

function isWithoutTime(value: unknown): boolean {
  const { time } = value as { time?: unknown }
  return time === undefined || time === null
}
