// Computes what a user's arrivals make of the user's state. It reads closed sessions and writes
// nothing.

import pMap from 'p-map'
import { isNonEmpty, type NonEmpty } from '../domain/non-empty.ts'
import { planCapacity } from '../domain/sessions/capacity.ts'
import { affectedRanges } from '../domain/sessions/neighbours.ts'
import { type Session, sessionId } from '../domain/sessions/session.ts'
import { type Applied, apply, type UserState } from '../domain/sessions/user-state.ts'
import type { SessionWrites } from '../user-writes.ts'
import type { ArrivedEvent } from './decode-records.ts'

/** A computed write: `applied` is what the arrivals make of `before`. */
export interface ReadyWrite extends WriteScope {
  readonly applied: Applied
}

/**
 * A write that waits for evictions: only then can the arrivals be applied, since closing sessions
 * changes the state.
 */
export interface BlockedWrite extends WriteScope {
  readonly applied: null
  /** Open sessions that must close first. */
  readonly evictions: readonly Session[]
}

export type PreparedWrite = ReadyWrite | BlockedWrite

interface WriteScope {
  /** The stored state that the write starts from. */
  readonly before: UserState
  /** The arrivals that this write applies. */
  readonly arrivals: readonly ArrivedEvent[]
  /** The chunk's other arrivals. Each group needs a write of its own, after this one. */
  readonly later: readonly NonEmpty<ArrivedEvent>[]
  /** Arrivals with so many closed sessions around them that no write can load them all. */
  readonly unloadable: readonly ArrivedEvent[]
}

export async function prepareWrite(
  chunk: readonly ArrivedEvent[],
  before: UserState,
  writes: SessionWrites,
): Promise<PreparedWrite> {
  const { arrivals, closed, later, unloadable } = await loadNeighbours(chunk, before, writes)
  const { groups, evictions } = planCapacity(before, closed, arrivals, writes.rules)
  const [first = arrivals, ...others] = groups
  const scope = { before, arrivals: first, later: [...others.filter(isNonEmpty), ...later], unloadable }
  if (evictions.length > 0) return { ...scope, applied: null, evictions }
  return { ...scope, applied: apply(before, closed, first, writes.rules) }
}

/** @param left the stored state once the evictions are closed. */
export async function unblockWrite(blocked: BlockedWrite, left: UserState, writes: SessionWrites): Promise<ReadyWrite> {
  const { closed } = await loadNeighbours(blocked.arrivals, left, writes)
  return { ...blocked, before: left, applied: apply(left, closed, blocked.arrivals, writes.rules) }
}

/**
 * Ranges whose closed sessions one write loads. Arrivals in further ranges wait for a later write.
 */
const RANGES_AT_ONCE = 16
const RANGES_LOADED_AT_ONCE = 4

interface Neighbours {
  /** The part of the chunk that can be applied now. */
  readonly arrivals: readonly ArrivedEvent[]
  /** The closed sessions that these arrivals may change. */
  readonly closed: readonly Session[]
  readonly later: readonly NonEmpty<ArrivedEvent>[]
  readonly unloadable: readonly ArrivedEvent[]
}

async function loadNeighbours(
  chunk: readonly ArrivedEvent[],
  state: UserState,
  { rules, loadClosed }: SessionWrites,
): Promise<Neighbours> {
  const ranges = affectedRanges(state, chunk, rules)
  const now = ranges.slice(0, RANGES_AT_ONCE)
  const loaded = await pMap(now, loadClosed, { concurrency: RANGES_LOADED_AT_ONCE })
  const overfull = now.filter((_, n) => loaded[n] === null).map(({ arrivals }) => arrivals)
  const remote = ranges.slice(RANGES_AT_ONCE).flatMap(({ arrivals }) => arrivals)
  const halved = overfull.filter(({ length }) => length > 1).flatMap(halves)
  const later = [...halved, remote].filter(isNonEmpty)
  const unloadable = overfull.filter(({ length }) => length === 1).flat()
  const others = new Set([...later.flat(), ...unloadable])
  const closed = new Map(loaded.flatMap((found) => found ?? []).map((session) => [sessionId(session), session]))
  return { arrivals: chunk.filter((arrival) => !others.has(arrival)), closed: [...closed.values()], later, unloadable }
}

function halves<T>(all: readonly T[]): (readonly T[])[] {
  const middle = all.length >> 1
  return [all.slice(0, middle), all.slice(middle)]
}
