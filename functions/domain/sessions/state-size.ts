// Bounds what a user's open sessions may take together, because they share one table item.

import { bytesAtMost } from './event-index.ts'
import { type Session, sessionBytes } from './session.ts'

/** Most bytes of a user's open sessions together, as `totalBytes` counts them. */
export const STATE_BYTES_MAX = 288 * 1024

/**
 * Most open sessions of a user. An AppClose can be a session of its own. Bytes alone would allow
 * ten thousand of those, each of which needs a write to close and 830 bytes of memory.
 */
export const OPEN_SESSIONS_MAX = 256

/** Most bytes that a stored session takes beside its events and ids: brackets, limit and times. */
const SESSION_FIXED_BYTES = 32

/** The bytes that a session takes in its user's item beside its events. */
function ownBytes({ ids, continues }: Session): number {
  let bytes = SESSION_FIXED_BYTES + (continues?.length ?? 0)
  // The event id of the first id is counted with its event.
  for (let n = 1; n < ids.length; n++) bytes += ids[n]?.length ?? 0
  return bytes
}

/** The bytes that an open session takes in its user's item. */
export function openBytes(session: Session): number {
  return sessionBytes(session) + ownBytes(session)
}

export function totalBytes(sessions: Iterable<Session>): number {
  let bytes = 0
  for (const session of sessions) bytes += openBytes(session)
  return bytes
}

/** Never less than `totalBytes`, and faster. */
export function totalBytesAtMost(sessions: readonly Session[]): number {
  let bytes = 0
  for (const session of sessions) bytes += bytesAtMost(session.events) + ownBytes(session)
  return bytes
}

/** Whether the sessions can be open together. */
export function fitItem(sessions: readonly Session[]): boolean {
  return sessions.length <= OPEN_SESSIONS_MAX && totalBytes(sessions) <= STATE_BYTES_MAX
}
