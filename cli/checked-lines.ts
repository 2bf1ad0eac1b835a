// A log's lines before they are sent: each in; what to send for it, and what ingest would say to its events, out.

import { sha256 } from '../functions/aws/digest.ts'
import { recordEvents } from '../functions/aws/record-events.ts'
import { decodeEvent } from '../functions/domain/decode.ts'
import { type Format, sentEvents } from '../functions/domain/formats/sent-events.ts'
import type { RejectReason } from '../functions/domain/rejection.ts'

export interface LineProblem {
  /** Of the event in a packed line, from 1; null for the line itself. */
  readonly event: number | null
  readonly reason: RejectReason
  readonly detail: string
}

export interface CheckedLine {
  /** The line itself, or its good events; null where there is none. */
  readonly sent: Buffer | null
  readonly events: number
  readonly problems: readonly LineProblem[]
  /** Events that happen when they arrive: sent again, they happen again. */
  readonly withoutTime: number
  /** Documents of other formats that say nothing that is counted. */
  readonly ignored: number
}

/** What Kinesis takes in a record, less the longest key. */
const LINE_BYTES_MAX = 1024 * 1024 - 1024

/**
 * How far in the future is too far is a setting of the deployment: that is left to ingest.
 *
 * @param format what every document has to be of; converted here, so that ingest need not recognize it.
 */
export function checkLine(line: Buffer, nowMs: number, format: Format = 'auto'): CheckedLine {
  if (line.length > LINE_BYTES_MAX) {
    const detail = `more than ${LINE_BYTES_MAX} bytes in one record`
    const problems = [{ event: null, reason: 'too-large', detail }] as const
    return { sent: null, events: 1, problems, withoutTime: 0, ignored: 0 }
  }
  const problems: LineProblem[] = []
  const good: unknown[] = []
  let [withoutTime, ignored] = [0, 0]
  for (const [index, { place, read }] of recordEvents(line).events.entries()) {
    const event = place === null ? null : index + 1
    const parsed = read()
    const stands = parsed.ok ? sentEvents(parsed.value, format) : parsed
    if (!stands.ok) {
      problems.push({ event, reason: stands.reason, detail: stands.detail })
      continue
    }
    if (stands.events.length === 0) ignored++
    for (const value of stands.events) {
      const decoded = decodeEvent(value, nowMs, Number.POSITIVE_INFINITY, sha256)
      if (!decoded.ok) problems.push({ event, reason: decoded.reason, detail: decoded.detail })
      else good.push(value)
      if (decoded.ok && isWithoutTime(value)) withoutTime++
    }
  }
  const isConverted = format === 'ubi' || format === 'bytewax'
  const sent = good.length === 0 ? null : isConverted ? toLine(good) : line
  return { sent, events: good.length + problems.length, problems, withoutTime, ignored }
}

function toLine(events: readonly unknown[]): Buffer {
  return Buffer.from(JSON.stringify(events.length === 1 ? events[0] : events))
}

function isWithoutTime(value: unknown): boolean {
  const { time } = value as { time?: unknown }
  return time === undefined || time === null
}
