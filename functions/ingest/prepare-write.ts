// Computes what a user's arrivals make of the user's state. It reads closed sessions and writes
// nothing.

import pMap from 'p-map'
import { isNonEmpty, type NonEmpty } from '../domain/non-empty.ts'
import { type AffectedRange, affectedRanges, halves } from '../domain/sessions/affected-ranges.ts'
import { planCapacity } from '../domain/sessions/capacity.ts'
import { NEIGHBOUR_BYTES_MAX } from '../domain/sessions/neighbours.ts'
import { rejectOld } from '../domain/sessions/old-arrivals.ts'
import { type RejectedArrival, unloadableRejection } from '../domain/sessions/rejected-arrivals.ts'
import { type Session, sessionId } from '../domain/sessions/session.ts'
import { totalBytes } from '../domain/sessions/state-size.ts'
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
  /** Arrivals that no write can apply. */
  readonly rejected: readonly RejectedArrival<ArrivedEvent>[]
}

export async function prepareWrite(
  chunk: readonly ArrivedEvent[],
  before: UserState,
  writes: SessionWrites,
): Promise<PreparedWrite> {
  const old = rejectOld(before, chunk, writes.rules)
  const { arrivals, closed, later, unloadable } = await loadNeighbours(without(chunk, old), before, writes)
  const { groups, evictions } = planCapacity(before, closed, arrivals, writes.rules)
  const [first = arrivals, ...others] = groups
  const rejected = [...old, ...unloadable.map((arrival) => ({ arrival, ...unloadableRejection(writes.rules) }))]
  const scope = { before, arrivals: first, later: [...others.filter(isNonEmpty), ...later], rejected }
  if (evictions.length > 0) return { ...scope, applied: null, evictions }
  return { ...scope, applied: apply(before, closed, first, writes.rules) }
}

/**
 * Prepares the write again once its evictions are closed. The neighbours may be others by then,
 * because the evicted sessions are among them.
 *
 * @param left the stored state once the evictions are closed.
 */
export async function unblockWrite(blocked: BlockedWrite, left: UserState, writes: SessionWrites): Promise<ReadyWrite> {
  const write = await prepareWrite(blocked.arrivals, left, writes)
  if (write.applied === null) throw new Error('a write needs evictions although they are closed')
  const later = [...write.later, ...blocked.later]
  return { ...write, later, rejected: [...blocked.rejected, ...write.rejected] }
}

function without(chunk: readonly ArrivedEvent[], rejected: readonly RejectedArrival[]): readonly ArrivedEvent[] {
  if (rejected.length === 0) return chunk
  const left = new Set<unknown>(rejected.map(({ arrival }) => arrival))
  return chunk.filter((arrival) => !left.has(arrival))
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
  /** Arrivals at a moment with so many closed sessions that no write can load them all. */
  readonly unloadable: readonly ArrivedEvent[]
}

/**
 * Loads until it has enough ranges or enough bytes for one write. A range that holds too much is
 * divided. Each division shows fewer sessions, so what is read stays in proportion to the arrivals.
 */
async function loadNeighbours(
  chunk: readonly ArrivedEvent[],
  state: UserState,
  { rules, loadClosed }: SessionWrites,
): Promise<Neighbours> {
  const ranges = affectedRanges(state, chunk, rules)
  // An arrival may need several ranges. The first one gets all of its ranges, so that every write
  // applies an arrival.
  const first = ranges.find(({ arrivals }) => arrivals.length > 0)?.arrivals[0]
  const isOfFirst = ({ arrivals }: AffectedRange<ArrivedEvent>): boolean =>
    first !== undefined && arrivals.includes(first)
  const isNeeded = (range: AffectedRange<ArrivedEvent>): boolean => range.arrivals.length === 0 || isOfFirst(range)
  const waiting = [...ranges.filter(isNeeded), ...ranges.filter((range) => !isNeeded(range))]
  const closed = new Map<string, Session>()
  const unloadable: ArrivedEvent[] = []
  let loadedRanges = 0
  let bytes = 0
  const isEnough = (): boolean =>
    (loadedRanges >= RANGES_AT_ONCE || (loadedRanges > 0 && bytes > NEIGHBOUR_BYTES_MAX)) && !waiting.some(isOfFirst)
  while (waiting.length > 0 && !isEnough()) {
    const now = waiting.splice(0, RANGES_LOADED_AT_ONCE)
    const loaded = await pMap(now, loadClosed)
    const divided = now.flatMap((range, n) => {
      const found = loaded[n] ?? null
      const parts = found === null ? halves(range) : []
      if (parts === null) unloadable.push(...range.arrivals)
      for (const session of found ?? []) closed.set(sessionId(session), session)
      bytes += totalBytes(found ?? [])
      // Ranges of continuations have no arrivals, and every write of the chunk needs all of them.
      if (found !== null && range.arrivals.length > 0) loadedRanges++
      return parts ?? []
    })
    waiting.unshift(...divided)
  }
  const later: NonEmpty<ArrivedEvent>[] = []
  const others = new Set(unloadable)
  for (let start = 0; start < waiting.length; start += RANGES_AT_ONCE) {
    // An arrival may wait for several ranges. It is applied once.
    const ranges = waiting.slice(start, start + RANGES_AT_ONCE)
    const arrivals = [...new Set(ranges.flatMap((range) => range.arrivals))].filter((arrival) => !others.has(arrival))
    for (const arrival of arrivals) others.add(arrival)
    if (isNonEmpty(arrivals)) later.push(arrivals)
  }
  return { arrivals: chunk.filter((arrival) => !others.has(arrival)), closed: [...closed.values()], later, unloadable }
}
