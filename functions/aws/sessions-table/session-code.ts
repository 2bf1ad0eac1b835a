// Encodes sessions as one text, deflated if it is long, and decodes them again.

import type { Event } from '../../domain/events/event.ts'
import { type NonEmpty, nonEmpty } from '../../domain/non-empty.ts'
import type { Session, SessionLimit } from '../../domain/sessions/session.ts'
import { deflateText, inflateText } from '../runtime/deflated-text.ts'
import { unknownShape } from '../runtime/item-schema.ts'
import { type EventRow, readEvents, writeEvents } from './event-code.ts'

/*
 * DynamoDB bills every write by the bytes of the whole item, so sessions are JSON arrays without
 * names. A text that is too long for the item's first KB is deflated. This session has 15 events,
 * and its first 12 lie in a block:
 *
 *     [1,                              the shape
 *      [["20260302T090000000Z-e1"],    ids
 *       null,                          continues
 *       null, 0,                       limitedBy: limit and time
 *       1772442000000,                 time of the first event
 *       [...],                         the last three events, as `event-code.ts` writes them
 *       1]]                            blocks before these events; absent for 0
 */

/** The first element of stored sessions. Raise it when the encoding changes. */
const SHAPE = 1

/**
 * `[ids, continues, limit, time of the limit, time of the first event, events, blocks before these
 * events]`
 */
type SessionRow = readonly [
  NonEmpty<string>,
  string | null,
  SessionLimit | null,
  number,
  number,
  readonly EventRow[],
  number?,
]

/** A session whose first events lie in blocks. */
export interface SplitSession {
  readonly session: Session
  readonly blocks: number
  /** The events after those in blocks. */
  readonly rest: readonly Event[]
}

/** A text as it is, or deflated. */
export type StoredSessions = string | Uint8Array

/**
 * The text or bytes from which a session was read alone. The sweeper stores nearly every session
 * that it closes as it was read, and need not encode it again.
 */
const readFrom = new WeakMap<Session, StoredSessions>()

/** @param plainBytesMax the most bytes of a text that is not deflated. */
export function encodeSessions(sessions: readonly Session[], plainBytesMax: number): StoredSessions {
  const [first, ...others] = sessions
  const stored = first && others.length === 0 ? readFrom.get(first) : undefined
  if (stored !== undefined && (typeof stored !== 'string' || Buffer.byteLength(stored) <= plainBytesMax)) return stored
  return encodeSplitSessions(
    sessions.map((session) => ({ session, blocks: 0, rest: session.events })),
    plainBytesMax,
  )
}

/** Leaves out the events that lie in blocks. */
export function encodeSplitSessions(sessions: readonly SplitSession[], plainBytesMax: number): StoredSessions {
  const text = JSON.stringify([SHAPE, ...sessions.map(sessionRow)])
  return Buffer.byteLength(text) <= plainBytesMax ? text : deflateText(text)
}

/**
 * @param blocks the events of each block: the first session's blocks in order, then the second's,
 * and so on.
 */
export function decodeSessions(stored: StoredSessions, blocks: readonly (readonly Event[])[] = []): Session[] {
  const [shape, ...rows] = JSON.parse(typeof stored === 'string' ? stored : inflateText(stored)) as [
    number,
    ...SessionRow[],
  ]
  if (shape !== SHAPE) throw unknownShape('stored sessions have shape', shape, 'shape', SHAPE)
  let used = 0
  const sessions = rows.map((row) => {
    const first = blocks.slice(used, used + (row[6] ?? 0))
    used += row[6] ?? 0
    return session(row, first.flat())
  })
  if (used !== blocks.length) throw new Error(`stored sessions name ${used} blocks, but ${blocks.length} were read`)
  const [first, ...others] = sessions
  if (first !== undefined && others.length === 0 && used === 0) readFrom.set(first, stored)
  return sessions
}

/** Compresses ids or names, of which a state may hold as many as it has open sessions or blocks. */
export function encodeIds(ids: readonly string[]): Uint8Array {
  return deflateText(JSON.stringify(ids))
}

export function decodeIds(stored: Uint8Array): string[] {
  return JSON.parse(inflateText(stored)) as string[]
}

function sessionRow({ session, blocks, rest }: SplitSession): SessionRow {
  const startMs = session.events[0].timeMs
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
  return { ids, continues, limitedBy, events: nonEmpty([...first, ...readEvents(rows, startMs)]) }
}
