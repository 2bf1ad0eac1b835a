// Builds events and records of a fixed day for tests.

import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import { decodeEvent } from '../../functions/domain/events/decode.ts'
import type { Arrival, Event } from '../../functions/domain/events/event.ts'
import { MIN_EVENT_TIME_MS } from '../../functions/domain/events/time-field.ts'
import { UBI_ORDINALS_FROM } from '../../functions/domain/events/ubi-ordinals.ts'
import type { RowRules } from '../../functions/domain/results/search-rows.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import type { ArrivedRecord } from '../../functions/ports.ts'

/** Midnight of the day on which the tests' events happen. */
export const ORIGIN_MS = Date.parse('2026-03-02T00:00:00.000Z')

/** The time this many seconds after the origin, in epoch milliseconds. */
export function at(seconds: number): number {
  return ORIGIN_MS + seconds * SECOND_MS
}

export const RULES: Rules = {
  gapMs: 30 * MINUTE_MS,
  latenessMs: MINUTE_MS,
  amendForMs: 7 * DAY_MS,
  lateEvents: 'amend',
  maxClockSkewMs: 5 * MINUTE_MS,
  minEventTimeMs: MIN_EVENT_TIME_MS,
  ubiOrdinalsFrom: UBI_ORDINALS_FROM,
  maxSessionEvents: 1000,
  maxSessionDurationMs: 12 * HOUR_MS,
  resultRetentionMs: 400 * DAY_MS,
}

export const ROW_RULES: RowRules = {
  satisfiedDwellMs: 30 * SECOND_MS,
  reformulatedWithinMs: 2 * MINUTE_MS,
  segments: [],
}

/** The stores hold sessions of any year. */
const ANY_TIME = { ...RULES, minEventTimeMs: Number.NEGATIVE_INFINITY }

export type Sent = Readonly<Record<string, unknown>>

/** Decodes an event as a producer sends it. Fails the test if it is rejected. */
export function event(sent: Sent, arrivalMs: number = Number.MAX_SAFE_INTEGER): Event {
  const decoded = decodeEvent({ user: 'ann', ...sent }, arrivalMs, ANY_TIME, sha256)
  if (!decoded.ok) throw new Error(`${decoded.reason}: ${decoded.detail}`)
  return decoded.event
}

export function search(timeMs: number, sent: Sent = {}): Event {
  return event({ type: 'Search', time: timeMs, query: 'dogs', ...sent })
}

export function results(timeMs: number, items: readonly string[], sent: Sent = {}): Event {
  return event({ type: 'Results', time: timeMs, items, ...sent })
}

export function click(timeMs: number, item: string, sent: Sent = {}): Event {
  return event({ type: 'ClickResult', time: timeMs, item, ...sent })
}

export function bare(type: 'AppOpen' | 'AppClose' | 'Timeout', timeMs: number, sent: Sent = {}): Event {
  return event({ type, time: timeMs, ...sent })
}

/** An arrival at the time of the event. */
export function onTime(event: Event): Arrival {
  return { event, arrivalMs: event.timeMs }
}

let sequence = 0

/** A Kinesis record as ingest receives it. Other values than bytes and texts become JSON. */
export function record(sent: unknown, arrivalMs: number, shardId = 'shardId-000000000000'): ArrivedRecord {
  const bytes = Buffer.isBuffer(sent) ? sent : Buffer.from(typeof sent === 'string' ? sent : JSON.stringify(sent))
  sequence++
  return { shardId, sequenceNumber: String(sequence), arrivalMs, data: bytes.toString('base64'), subSequence: null }
}
