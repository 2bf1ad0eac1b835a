// Holds closed sessions and tombstones, with those of each user in the order of their ids.

import type { ClosedSession } from '../domain/results/result.ts'
import type { Session } from '../domain/sessions/session.ts'
import { compactTimeOf } from '../domain/sessions/session-id.ts'
import { groupedMap } from './grouped-map.ts'

/** A closed session, or its tombstone, whose `closed` is null. */
export interface StoredClosed {
  readonly user: string
  readonly id: string
  readonly version: number
  readonly closed: ClosedSession | null
  readonly expiresAtMs: number
}

export interface ClosedByUser {
  /** By the JSON text of `[user, session id]`. */
  readonly all: ReadonlyMap<string, StoredClosed>
  get(user: string, id: string): StoredClosed | undefined
  set(stored: StoredClosed): void
  delete(user: string, id: string): void
  of(user: string): readonly StoredClosed[]
  /** Yields the sessions with ids of this time or an earlier one, latest id first. */
  upTo(user: string, compactTime: string): AsyncIterable<Session>
  /** Yields the sessions with ids of a later time, earliest id first. */
  after(user: string, compactTime: string): AsyncIterable<Session>
}

export function closedByUser(): ClosedByUser {
  const stored = groupedMap<StoredClosed, 'user'>({ user: ({ user }) => user })
  const keyOf = (user: string, id: string): string => JSON.stringify([user, id])
  // A write drops the list of its user, so that many writes sort it once. A reader keeps its list.
  const sorted = new Map<string, readonly StoredClosed[]>()
  const inOrder = (user: string): readonly StoredClosed[] => {
    const known = sorted.get(user)
    if (known !== undefined) return known
    const list = [...stored.group('user', user)].sort((a, b) => (a.id < b.id ? -1 : 1))
    sorted.set(user, list)
    return list
  }
  return {
    all: stored.all,
    get: (user, id) => stored.all.get(keyOf(user, id)),
    set: (next) => {
      sorted.delete(next.user)
      stored.set(keyOf(next.user, next.id), next)
    },
    delete: (user, id) => {
      sorted.delete(user)
      stored.delete(keyOf(user, id))
    },
    of: inOrder,
    upTo: (user, compactTime) => {
      const list = inOrder(user)
      return sessionsAt(list, countUpTo(list, compactTime) - 1, -1)
    },
    after: (user, compactTime) => {
      const list = inOrder(user)
      return sessionsAt(list, countUpTo(list, compactTime), 1)
    },
  }
}

/** Counts the ids of this time or an earlier one, by halving. */
function countUpTo(sorted: readonly StoredClosed[], compactTime: string): number {
  let [from, to] = [0, sorted.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    if (compactTimeOf((sorted[middle] as StoredClosed).id) > compactTime) to = middle
    else from = middle + 1
  }
  return from
}

async function* sessionsAt(list: readonly StoredClosed[], start: number, step: 1 | -1): AsyncIterable<Session> {
  for (let at = start; at >= 0 && at < list.length; at += step) {
    const session = list[at]?.closed?.session
    if (session !== undefined) yield session
  }
}
