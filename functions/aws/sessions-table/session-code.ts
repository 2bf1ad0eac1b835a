// Sessions as they are stored: sessions in, one compressed binary out, and back.

import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { type ClickEvent, EVENT_TYPES, type Event, FINGERPRINT_LENGTH } from '../../domain/events/event.ts'
import type { Session, SessionLimit } from '../../domain/sessions/session.ts'
import { sha256 } from '../runtime/digest.ts'

/** First element of what is stored; raised when its shape changes, so that older items stay readable. */
const SHAPE = 1

/** [type, ms since the session's first event, event id, the type's own fields]; arrays, since names cost bytes. */
export type EventRow = readonly [number, number, string, ...(string | number | null)[]]
/** [ids, continues, cut reason, cut time, first event's time, events, how many blocks of events come before these] */
type SessionRow = readonly [
  readonly string[],
  string | null,
  SessionLimit | null,
  number,
  number,
  readonly EventRow[],
  number?,
]

/** A session whose first events may be stored apart, in blocks. */
export interface StoredSession {
  readonly session: Session
  readonly blocks: number
  readonly rest: readonly Event[]
}

/** Inflated, nothing stored is larger: a bound for what reading one item may cost. */
export const INFLATED_BYTES_MAX = 16 * 1024 * 1024

/** Deflated: the bill is the bytes of the whole item at every write. */
export function encodeSessions(sessions: readonly Session[]): Uint8Array {
  return encodeApart(sessions.map((session) => ({ session, blocks: 0, rest: session.events })))
}

/** Without what is in blocks. */
export function encodeApart(sessions: readonly StoredSession[]): Uint8Array {
  return deflateRawSync(JSON.stringify([SHAPE, ...sessions.map(sessionRow)]), { level: 9 })
}

/** @param blocks in order, of one session after the other. */
export function decodeSessions(stored: Uint8Array, blocks: readonly (readonly Event[])[] = []): Session[] {
  const text = inflateRawSync(stored, { maxOutputLength: INFLATED_BYTES_MAX }).toString('utf8')
  const [shape, ...rows] = JSON.parse(text) as [number, ...SessionRow[]]
  if (shape !== SHAPE) throw new Error(`stored sessions have shape ${shape}, and this code reads ${SHAPE}`)
  let used = 0
  const sessions = rows.map((row) => {
    const first = blocks.slice(used, used + (row[6] ?? 0))
    used += row[6] ?? 0
    return session(row, first.flat())
  })
  if (used !== blocks.length) throw new Error(`stored sessions have ${used} blocks, and ${blocks.length} were read`)
  return sessions
}

/** Ids of sessions: as many as there may be open sessions, in the same item. */
export function encodeIds(ids: readonly string[]): Uint8Array {
  return deflateRawSync(JSON.stringify(ids), { level: 9 })
}

export function decodeIds(stored: Uint8Array): string[] {
  return JSON.parse(inflateRawSync(stored, { maxOutputLength: INFLATED_BYTES_MAX }).toString('utf8')) as string[]
}

function sessionRow({ session, blocks, rest }: StoredSession): SessionRow {
  const startMs = (session.events[0] as Event).timeMs
  const { ids, continues, limitedBy } = session
  const row = [
    ids,
    continues,
    limitedBy?.limit ?? null,
    limitedBy?.atMs ?? 0,
    startMs,
    writeEvents(rest, startMs),
  ] as const
  return blocks === 0 ? row : [...row, blocks]
}

function session([ids, continues, limit, atMs, startMs, rows]: SessionRow, first: readonly Event[]): Session {
  const limitedBy = limit === null ? null : { limit, atMs }
  return { ids, continues, limitedBy, events: [...first, ...readEvents(rows, startMs)] }
}

export function writeEvents(events: readonly Event[], startMs: number): EventRow[] {
  return events.map((event) => eventRow(event, startMs))
}

export function readEvents(rows: readonly EventRow[], startMs: number): Event[] {
  return rows.map((row) => event(row, startMs))
}

function eventRow(event: Event, startMs: number): EventRow {
  const stamp = [EVENT_TYPES.indexOf(event.type), event.timeMs - startMs, event.eventId] as const
  if (event.type === 'Search') return [...stamp, event.searchId, event.query, event.queryTruncated ? 1 : 0]
  if (event.type === 'Results') return [...stamp, event.searchId, event.resultCount, event.itemFingerprints]
  if (event.type === 'ClickResult') return [...stamp, event.searchId, event.item, event.position, ...ordinalOf(event)]
  return stamp
}

/** Most have none; code that does not know it reads over it. */
function ordinalOf({ ordinal }: ClickEvent): number[] {
  return ordinal === undefined ? [] : [ordinal]
}

function event([typeIndex, sinceMs, eventId, ...own]: EventRow, startMs: number): Event {
  const type = EVENT_TYPES[typeIndex]
  const stamp = { eventId, timeMs: startMs + sinceMs }
  if (type === undefined) throw new Error(`stored event has type ${typeIndex}`)
  if (type === 'Search') {
    const [searchId, query, limitedBy] = own as [string | null, string, number]
    return { type, ...stamp, searchId, query, queryTruncated: limitedBy === 1 }
  }
  if (type === 'Results') {
    const [searchId, resultCount, itemFingerprints] = own as [string | null, number, string]
    return { type, ...stamp, searchId, resultCount, itemFingerprints }
  }
  if (type === 'ClickResult') {
    const [searchId, item, position, ordinal] = own as [string | null, string, number | null, number?]
    // The itemFingerprint is not stored: it follows from the item.
    const click = {
      type,
      ...stamp,
      searchId,
      item,
      itemFingerprint: sha256(item).slice(0, FINGERPRINT_LENGTH),
      position,
    }
    return ordinal === undefined ? click : { ...click, ordinal }
  }
  return { type, ...stamp }
}
