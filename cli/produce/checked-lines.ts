// Checks the lines of a log as ingest would, and decides which records to send for them.

import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { RECORD_EVENTS_MAX } from '../../functions/aws/stream/payload-events.ts'
import { recordEvents } from '../../functions/aws/stream/record-events.ts'
import { decodeEvent } from '../../functions/domain/events/decode.ts'
import { type Format, sentEvents } from '../../functions/domain/events/formats/sent-events.ts'
import type { RejectReason } from '../../functions/domain/events/rejection.ts'

export interface LineError {
  /** The position of the event in a line that packs several, from 1; null for the line itself. */
  readonly event: number | null
  readonly reason: RejectReason
  readonly detail: string
}

export interface CheckedLine {
  /**
   * The records to send: the line itself, or its good events in as many records as they need. Empty
   * if every event is bad.
   */
  readonly sent: readonly Buffer[]
  readonly events: number
  readonly problems: readonly LineError[]
  /** Events without a time: they happen when they arrive, so sent twice they count twice. */
  readonly withoutTime: number
  /** Documents of other formats that hold no event, such as a UBI event of another action. */
  readonly ignored: number
}

/** Kinesis takes 1 MiB in a record; the longest partition key takes a part of it. */
const LINE_BYTES_MAX = 1024 * 1024 - 1024

/**
 * Accepts a time in the future, since only the deployment knows its `maxClockSkew`.
 *
 * @param format the format that every document must have. Documents of `ubi` and `bytewax` are
 * converted to events.
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
    const converted = parsed.ok ? sentEvents(parsed.value, format) : parsed
    if (!converted.ok) {
      problems.push({ event, reason: converted.reason, detail: converted.detail })
      continue
    }
    if (converted.events.length === 0) ignored++
    for (const value of converted.events) {
      const decoded = decodeEvent(value, nowMs, {}, sha256)
      if (!decoded.ok) problems.push({ event, reason: decoded.reason, detail: decoded.detail })
      else good.push(value)
      if (decoded.ok && isWithoutTime(value)) withoutTime++
    }
  }
  // With a format given, a document of another one must not get to ingest, which would accept it.
  const isRewritten = format === 'ubi' || format === 'bytewax' || (format === 'events' && problems.length > 0)
  const sent = good.length === 0 ? [] : isRewritten ? toRecords(good) : [line]
  return { sent, events: good.length + problems.length, problems, withoutTime, ignored }
}

/** One event always fits a record: it is shorter than its document, which did. */
function toRecords(events: readonly unknown[]): Buffer[] {
  const groups: string[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const event of events) {
    const text = JSON.stringify(event)
    // One byte for a comma or a bracket.
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
