// A log's lines before they are sent: each in, what ingest would say to its events out.

import { sha256 } from '../functions/aws/digest.ts'
import { recordEvents } from '../functions/aws/record-events.ts'
import { decodeEvent, type RejectReason } from '../functions/domain/decode.ts'
import { sentEvents } from '../functions/domain/formats/sent-events.ts'

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
  let events = 0
  let withoutTime = 0
  for (const [index, { place, read }] of recordEvents(line).events.entries()) {
    const parsed = read()
    // A document of another format may stand for two events.
    const sent = parsed.ok ? sentEvents(parsed.value) : parsed
    const event = place === null ? null : index + 1
    if (!sent.ok) {
      events++
      problems.push({ event, reason: sent.reason, detail: sent.detail })
      continue
    }
    for (const value of sent.events) {
      events++
      const decoded = decodeEvent(value, nowMs, Number.POSITIVE_INFINITY, sha256)
      if (!decoded.ok) problems.push({ event, reason: decoded.reason, detail: decoded.detail })
      else if (isWithoutTime(value)) withoutTime++
    }
  }
  return { events, problems, withoutTime }
}

function isWithoutTime(value: unknown): boolean {
  const { time } = value as { time?: unknown }
  return time === undefined || time === null
}
