// A log's lines before they are sent: each in; what to send for it, and what ingest would say to its events, out.

import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { RECORD_EVENTS_MAX } from '../../functions/aws/stream/payload-events.ts'
import { recordEvents } from '../../functions/aws/stream/record-events.ts'
import { decodeEvent } from '../../functions/domain/events/decode.ts'
import { type Format, sentEvents } from '../../functions/domain/events/formats/sent-events.ts'
import type { RejectReason } from '../../functions/domain/events/rejection.ts'

export interface LineError {
  /** Of the event in a packed line, from 1; null for the line itself. */
  readonly event: number | null
  readonly reason: RejectReason
  readonly detail: string
}

export interface CheckedLine {
  /** The records that it makes: the line itself, or its good events in as many as they need; none where all are bad. */
  readonly sent: readonly Buffer[]
  readonly events: number
  readonly problems: readonly LineError[]
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
    return { sent: [], events: 1, problems, withoutTime: 0, ignored: 0 }
  }
  const problems: LineError[] = []
  const good: unknown[] = []
  let [withoutTime, ignored] = [0, 0]
  for (const [index, { subSequence, read }] of recordEvents(line).events.entries()) {
    const event = subSequence === null ? null : index + 1
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
  // Ingest would take for what it looks like, what is not of the format that was asked for.
  const isRewritten = format === 'ubi' || format === 'bytewax' || (format === 'events' && problems.length > 0)
  const sent = good.length === 0 ? [] : isRewritten ? toRecords(good) : [line]
  return { sent, events: good.length + problems.length, problems, withoutTime, ignored }
}

/** An event alone never is too much: it is shorter than its document, which was not. */
function toRecords(events: readonly unknown[]): Buffer[] {
  const groups: string[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const event of events) {
    const text = JSON.stringify(event)
    // With a comma or a bracket.
    const more = Buffer.byteLength(text) + 1
    if (bytes + more > LINE_BYTES_MAX || groups.at(-1)?.length === RECORD_EVENTS_MAX) {
      groups.push([])
      bytes = 1
    }
    groups.at(-1)?.push(text)
    bytes += more
  }
  return groups.map((texts) => Buffer.from(texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(',')}]`))
}

function isWithoutTime(value: unknown): boolean {
  const { time } = value as { time?: unknown }
  return time === undefined || time === null
}
