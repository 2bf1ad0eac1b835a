// Decides why a click belongs to no search of its session, from the sessions around it (R8).

import type { ClickEvent, Event } from '../../functions/domain/events/event.ts'
import type { CloseReason } from '../../functions/domain/sessions/clock.ts'
import { lastEvent, type Session } from '../../functions/domain/sessions/session.ts'

/** Another session of the user of an orphan click. */
export interface OtherSession {
  readonly session: Session
  /** Null while the session is open. */
  readonly reason: CloseReason | null
}

/** The likely mistake behind an orphan click. */
export type OrphanOrigin =
  | 'tab-left-open'
  | 'app-close'
  | 'timeout'
  | 'limit'
  | 'drain'
  | 'before-search'
  | 'other-user'
  | 'rejected-search'
  | 'never-sent'
  | 'no-search-id'

export interface ExplainedOrphan {
  readonly origin: OrphanOrigin
  /** From the end of the session that holds the search to the click; null for other origins. */
  readonly pauseMs: number | null
}

/**
 * Returns null where no other session of the user has the search. A click without a `searchId` has
 * its search in the session before it, unless the gap is between them.
 */
export function originInSessions(
  click: ClickEvent,
  others: readonly OtherSession[],
  gapMs: number,
): ExplainedOrphan | null {
  const found = click.searchId === null ? beforeClick(click, others, gapMs) : withSearch(click.searchId, click, others)
  return found === null ? null : originAfter(click, found, gapMs)
}

function withSearch(searchId: string, click: ClickEvent, others: readonly OtherSession[]): OtherSession | null {
  const isSearch = (event: Event): boolean => event.type === 'Search' && event.searchId === searchId
  const holding = others.filter(({ session }) => session.events.some(isSearch))
  return nearest(click, holding)
}

/** A click long after a session need not belong to it, so only a short pause is evidence. */
function beforeClick(click: ClickEvent, others: readonly OtherSession[], gapMs: number): OtherSession | null {
  const before = others.filter(({ session }) => {
    const pauseMs = click.timeMs - lastEvent(session).timeMs
    return pauseMs >= 0 && pauseMs <= gapMs && session.events.some(({ type }) => type === 'Search')
  })
  return nearest(click, before)
}

function nearest({ timeMs }: ClickEvent, others: readonly OtherSession[]): OtherSession | null {
  const distance = ({ session }: OtherSession): number => Math.abs(timeMs - lastEvent(session).timeMs)
  return [...others].sort((a, b) => distance(a) - distance(b))[0] ?? null
}

function originAfter({ timeMs }: ClickEvent, { session, reason }: OtherSession, gapMs: number): ExplainedOrphan {
  const last = lastEvent(session)
  const pauseMs = timeMs - last.timeMs
  if (pauseMs < 0) return { origin: 'before-search', pauseMs: null }
  if (pauseMs > gapMs) return { origin: 'tab-left-open', pauseMs }
  if (last.type === 'AppClose') return { origin: 'app-close', pauseMs }
  if (last.type === 'Timeout') return { origin: 'timeout', pauseMs }
  return { origin: reason === 'drain' ? 'drain' : 'limit', pauseMs }
}
