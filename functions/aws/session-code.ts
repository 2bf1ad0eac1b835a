// Sessions as they are stored: sessions in, one compressed binary out, and back.

import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { type ClickEvent, EVENT_TYPES, type Event, MARK_LENGTH } from '../domain/event.ts'
import type { CutReason, Session } from '../domain/session.ts'
import { sha256 } from './digest.ts'

/** First element of what is stored; raised when its shape changes, so that older items stay readable. */
const SHAPE = 1

/** [type, ms since the session's first event, event id, the type's own fields]; arrays, since names cost bytes. */
type EventRow = readonly [number, number, string, ...(string | number | null)[]]
/** [ids, continues, cut reason, cut time, first event's time, events] */
type SessionRow = readonly [readonly string[], string | null, CutReason | null, number, number, readonly EventRow[]]

/** Inflated, nothing stored is larger: a bound for what reading one item may cost. */
const INFLATED_BYTES_MAX = 16 * 1024 * 1024

/** Deflated: the bill is the bytes of the whole item at every write. */
export function encodeSessions(sessions: readonly Session[]): Uint8Array {
  return deflateRawSync(JSON.stringify([SHAPE, ...sessions.map(sessionRow)]), { level: 9 })
}

export function decodeSessions(stored: Uint8Array): Session[] {
  const text = inflateRawSync(stored, { maxOutputLength: INFLATED_BYTES_MAX }).toString('utf8')
  const [shape, ...rows] = JSON.parse(text) as [number, ...SessionRow[]]
  if (shape !== SHAPE) throw new Error(`stored sessions have shape ${shape}, and this code reads ${SHAPE}`)
  return rows.map(session)
}

/** Ids of sessions: as many as there may be open sessions, in the same item. */
export function encodeIds(ids: readonly string[]): Uint8Array {
  return deflateRawSync(JSON.stringify(ids), { level: 9 })
}

export function decodeIds(stored: Uint8Array): string[] {
  return JSON.parse(inflateRawSync(stored, { maxOutputLength: INFLATED_BYTES_MAX }).toString('utf8')) as string[]
}

function sessionRow(session: Session): SessionRow {
  const startMs = (session.events[0] as Event).timeMs
  const rows = session.events.map((event) => eventRow(event, startMs))
  return [session.ids, session.continues, session.cut?.reason ?? null, session.cut?.atMs ?? 0, startMs, rows]
}

function session([ids, continues, reason, atMs, startMs, rows]: SessionRow): Session {
  const cut = reason === null ? null : { reason, atMs }
  return { ids, continues, cut, events: rows.map((row) => event(row, startMs)) }
}

function eventRow(event: Event, startMs: number): EventRow {
  const stamp = [EVENT_TYPES.indexOf(event.type), event.timeMs - startMs, event.eventId] as const
  if (event.type === 'Search') return [...stamp, event.searchId, event.query, event.queryCut ? 1 : 0]
  if (event.type === 'Results') return [...stamp, event.searchId, event.resultCount, event.marks]
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
    const [searchId, query, cut] = own as [string | null, string, number]
    return { type, ...stamp, searchId, query, queryCut: cut === 1 }
  }
  if (type === 'Results') {
    const [searchId, resultCount, marks] = own as [string | null, number, string]
    return { type, ...stamp, searchId, resultCount, marks }
  }
  if (type === 'ClickResult') {
    const [searchId, item, position, ordinal] = own as [string | null, string, number | null, number?]
    // The mark is not stored: it follows from the item.
    const click = { type, ...stamp, searchId, item, mark: sha256(item).slice(0, MARK_LENGTH), position }
    return ordinal === undefined ? click : { ...click, ordinal }
  }
  return { type, ...stamp }
}
