// Watches what a replay stores: its timers, and the sessions that it closes.

import type { ClosedSession } from '../../functions/domain/results/result.ts'
import { sessionId } from '../../functions/domain/sessions/session.ts'
import type { ClosedChange, SessionStore, Timer, TimerStore } from '../../functions/ports.ts'

export interface StoreWatch {
  readonly onTimers?: (timers: readonly Timer[], nowMs: number) => void
  readonly onClosed?: (closed: ClosedSession, nowMs: number) => void
}

/**
 * Wraps the stores so that they collect the changes that the table's stream would report, and the
 * time of the earliest timer that has not fired.
 */
export function watchedStores(
  { sessions: store, timers: stored }: { readonly sessions: SessionStore; readonly timers: TimerStore },
  watch: StoreWatch,
  now: () => number,
) {
  const changes: ClosedChange[] = []
  const latest = new Map<string, ClosedSession>()
  const change = (user: string, id: string, version: number, after: ClosedSession | null): void => {
    const key = JSON.stringify([user, id])
    changes.push({ sequenceNumber: `${changes.length}`, user, id, version, after, before: latest.get(key) ?? null })
    if (after === null) latest.delete(key)
    else latest.set(key, after)
  }
  const sessions: SessionStore = {
    ...store,
    putClosed: async (closed, expiresAtMs) => {
      await store.putClosed(closed, expiresAtMs)
      change(closed.user, sessionId(closed.session), closed.version, closed)
      watch.onClosed?.(closed, now())
    },
    putTombstone: async (user, id, version, expiresAtMs) => {
      await store.putTombstone(user, id, version, expiresAtMs)
      change(user, id, version, null)
    },
  }
  let pending: Timer[] = []
  let next = Number.POSITIVE_INFINITY
  const earliest = (some: readonly Timer[]): number =>
    some.reduce((found, { atMs }) => Math.min(found, atMs), Number.POSITIVE_INFINITY)
  const timers: TimerStore = {
    ...stored,
    put: async (scheduled) => {
      await stored.put(scheduled)
      watch.onTimers?.(scheduled, now())
      pending.push(...scheduled)
      next = Math.min(next, earliest(scheduled))
    },
    lists: (span) => {
      pending = pending.filter(({ atMs }) => atMs > span.toMs)
      next = earliest(pending)
      return stored.lists(span)
    },
  }
  return { sessions, timers, changes, nextTimerMs: () => next }
}
