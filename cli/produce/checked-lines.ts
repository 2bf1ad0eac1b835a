// Checks the lines of a log as ingest would, and decides which records to send for them.

import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { RECORD_EVENTS_MAX } from '../../functions/aws/stream/payload-events.ts'
import { recordEvents } from '../../functions/aws/stream/record-events.ts'
import { type DecodeSettings, decodeEvent } from '../../functions/domain/events/decode.ts'
import type { Event } from '../../functions/domain/events/event.ts'
import { type NearMiss, nearMisses } from '../../functions/domain/events/field-names.ts'
import { type Format, sentEvents } from '../../functions/domain/events/formats/sent-events.ts'
import type { IgnoredReason } from '../../functions/domain/events/formats/ubi.ts'
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
  readonly good: readonly GoodEvent[]
  /** Why each document holds no event, such as a UBI event of another action. */
  readonly ignored: readonly IgnoredReason[]
  /** Fields of its events, bad ones too, that ingest ignores although they resemble ours. */
  readonly nearMisses: readonly NearMiss[]
}

export interface GoodEvent {
  readonly user: string
  readonly event: Event
  /** Without one, the event happens when it arrives, so sent twice it counts twice. */
  readonly hasTime: boolean
}

/** Kinesis takes 1 MiB in a record; the longest partition key takes a part of it. */
const LINE_BYTES_MAX = 1024 * 1024 - 1024

/**
 * @param format the format that every document must have. Documents of `ubi` and `bytewax` are
 * converted to events.
 * @param rules all but `maxClockSkewMs`: a time in the future is accepted.
 */
export function checkLine(
  line: Buffer,
  nowMs: number,
  format: Format = 'auto',
  rules: DecodeSettings = {},
): CheckedLine {
  if (line.length > LINE_BYTES_MAX) {
    const detail = `more than ${LINE_BYTES_MAX} bytes in one record`
    const problems = [{ event: null, reason: 'too-large', detail }] as const
    return { sent: [], events: 1, problems, good: [], ignored: [], nearMisses: [] }
  }
  const settings = { ...rules, maxClockSkewMs: Number.POSITIVE_INFINITY }
  const problems: LineError[] = []
  const values: unknown[] = []
  const good: GoodEvent[] = []
  const ignored: IgnoredReason[] = []
  const misses: NearMiss[] = []
  for (const [index, { subSequence, read }] of recordEvents(line).events.entries()) {
    const event = subSequence === null ? null : index + 1
    const parsed = read()
    const converted = parsed.ok ? sentEvents(parsed.value, format) : parsed
    if (!converted.ok) {
      problems.push({ event, reason: converted.reason, detail: converted.detail })
      continue
    }
    if (converted.ignored !== null) ignored.push(converted.ignored)
    for (const value of converted.events) {
      misses.push(...nearMisses(value, settings.ubiOrdinalsFrom))
      const decoded = decodeEvent(value, nowMs, settings, sha256)
      if (!decoded.ok) {
        problems.push({ event, reason: decoded.reason, detail: decoded.detail })
        continue
      }
      values.push(value)
      good.push({ user: decoded.user, event: decoded.event, hasTime: hasTime(value) })
    }
  }
  // With a format given, a document of another one must not get to ingest, which would accept it.
  const isRewritten = format === 'ubi' || format === 'bytewax' || (format === 'events' && problems.length > 0)
  const sent = good.length === 0 ? [] : isRewritten ? toRecords(values) : [line]
  return { sent, events: good.length + problems.length, problems, good, ignored, nearMisses: misses }
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

function hasTime(value: unknown): boolean {
  const { time } = value as { time?: unknown }
  return time !== undefined && time !== null
}
