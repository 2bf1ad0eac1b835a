// Makes the entries of a frame, with texts of bounded length.

import type { Event } from '../functions/domain/events/event.ts'
import type { Counts } from '../functions/domain/results/counts.ts'
import type { ResultRow } from '../functions/domain/results/result.ts'
import { rowTime } from '../functions/domain/results/result.ts'
import { dueAt } from '../functions/domain/sessions/clock.ts'
import type { Rules } from '../functions/domain/sessions/rules.ts'
import type { Session } from '../functions/domain/sessions/session.ts'
import { figuresOf } from '../report/key-figures.ts'
import { countText, NOTHING, truncateText } from '../report/number-text.ts'
import type { ClosedEntry, OpenSession, ShownEvent, ShownRow, WatchFigure } from './watch-frame.ts'
import type { NumberedClosed, WatchedUser } from './watched-sessions.ts'

const TEXT_CHARACTERS_MAX = 80
const OPEN_SHOWN = 60

/** The figures of the report that make sense within minutes. */
const REPORT_FIGURES = ['CTR', 'Satisfied rate', 'Zero-result rate', 'Clicks per search']

export interface WatchCounts {
  readonly events: number
  readonly open: number
  readonly closed: number
  readonly rows: number
}

/** @param counts the sums of all rows, from which the report's figures come. */
export function watchFigures({ events, open, closed, rows }: WatchCounts, counts: Counts): WatchFigure[] {
  const searches = counts.searches ?? 0
  const figures = figuresOf(counts, null).filter(({ name }) => REPORT_FIGURES.includes(name))
  return [
    { name: 'Events', value: countText(events), parts: 'accepted, each once' },
    { name: 'Open sessions', value: countText(open), parts: 'with a timer' },
    { name: 'Closed sessions', value: countText(closed), parts: 'late events reopen them' },
    {
      name: 'Rows',
      value: countText(rows),
      parts: `${countText(searches)} of searches, ${countText(rows - searches)} of sessions`,
    },
    ...figures.map(({ name, value, parts, isUncertain }) => ({
      name,
      value: isUncertain && value !== NOTHING ? `${value} *` : value,
      parts,
    })),
  ]
}

export function shownEvent(number: number, session: number, user: string, event: Event): ShownEvent {
  const { timeMs, type } = event
  return { number, session, user: short(user), timeMs, type, text: eventText(event) }
}

function eventText(event: Event): string | null {
  if (event.type === 'Search') return short(event.query)
  if (event.type === 'Results') return String(event.resultCount)
  return event.type === 'ClickResult' ? short(event.item) : null
}

/** Returns the open sessions that are due first. */
export function openSessions(users: ReadonlyMap<string, WatchedUser>, rules: Rules): OpenSession[] {
  const due = [...users].flatMap(([user, { open, skewMs }]) =>
    open.map(({ number, session }) => ({ user, number, session, dueMs: dueAt(session, skewMs, rules) })),
  )
  return due
    .sort((a, b) => a.dueMs - b.dueMs || a.number - b.number)
    .slice(0, OPEN_SHOWN)
    .map(({ user, number, session, dueMs }) => ({ number, user: short(user), dueMs, ...sizes(session) }))
}

export function shownClosed({ number, closed: { user, session, reason } }: NumberedClosed): ClosedEntry {
  return { number, user: short(user), reason, ...sizes(session) }
}

function sizes({ events }: Session) {
  const latest = events.findLast((event) => event.type === 'Search')
  return {
    events: events.length,
    searches: events.filter(({ type }) => type === 'Search').length,
    clicks: events.filter(({ type }) => type === 'ClickResult').length,
    query: latest?.type === 'Search' ? short(latest.query) : null,
  }
}

export function shownRow(number: number, session: number, row: ResultRow): ShownRow {
  const { user, kind } = row
  const isSearch = row.kind === 'search'
  return {
    number,
    session,
    user: short(user),
    timeMs: rowTime(row),
    kind,
    query: isSearch ? short(row.query) : '',
    resultCount: isSearch ? row.result_count : null,
    searches: row.kind === 'session' ? row.searches : isSearch ? 1 : 0,
    clicks: row.kind === 'clicks' ? row.orphan_clicks : row.clicks,
  }
}

/** Truncates what a producer sent, such as a query or a user id. */
export function short(text: string): string {
  return truncateText(text, TEXT_CHARACTERS_MAX)
}
