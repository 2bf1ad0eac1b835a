// Collects what a pipeline stores, and makes the frames that the page shows.

import { sha256 } from '../functions/aws/runtime/digest.ts'
import { rowKeys } from '../functions/domain/results/result-rows.ts'
import type { Rules } from '../functions/domain/sessions/rules.ts'
import { sessionId } from '../functions/domain/sessions/session.ts'
import { type ExploredSession, exploreSession } from '../report/explored-session.ts'
import { rowSums } from './row-sums.ts'
import { sessionKey } from './session-numbers.ts'
import { openSessions, short, shownClosed, shownEvent, shownRow, watchFigures } from './shown-entries.ts'
import type { ShownEvent, ShownRow, WatchFrame } from './watch-frame.ts'
import type { PipelineObserver, WatchedClock } from './watched-pipeline.ts'
import { type WatchedSessions, watchedSessions } from './watched-sessions.ts'

export interface WatchModel extends PipelineObserver {
  setStage(stage: string): void
  /** Changes with all that a frame shows, apart from the clock. */
  revision(): number
  frame(clock: WatchedClock): WatchFrame
  /** Returns an open or recently closed session by its number, or null. */
  session(number: number): ExploredSession | null
}

const EVENTS_SHOWN = 40
const ROWS_SHOWN = 40
const CLOSED_SHOWN = 40

export function watchModel(rules: Rules): WatchModel {
  const sums = rowSums()
  let events: ShownEvent[] = []
  let rows: ShownRow[] = []
  let eventCount = 0
  let rowCount = 0
  let revision = 0
  let stage = ''
  const sessions = watchedSessions({
    onEvent: (number, user, event) => {
      events.push(shownEvent(++eventCount, number, user, event))
      events = events.slice(-EVENTS_SHOWN)
    },
    onForgotten: (user, keys) => {
      for (const key of keys) sums.retain(key, new Set())
      events = events.filter((event) => event.user !== short(user))
      rows = rows.filter((row) => row.user !== short(user))
    },
  })
  return {
    onState: (user, state) => {
      if (sessions.setState(user, state)) revision++
    },
    onClosed: (closed) => {
      if (!sessions.setClosed(closed)) return
      const sortKeys = new Set(rowKeys(closed, sha256).map(({ sk }) => sk))
      sums.retain(sessionKey(closed.user, sessionId(closed.session)), sortKeys)
      revision++
    },
    onTombstone: (user, id) => {
      sessions.removeClosed(user, id)
      sums.retain(sessionKey(user, id), new Set())
      revision++
    },
    onRow: (row) => {
      if (!sums.add(sessionKey(row.user, row.session_id), row)) return
      rows.push(shownRow(++rowCount, sessions.number(row.user, row.session_id), row))
      rows = rows.slice(-ROWS_SHOWN)
      revision++
    },
    setStage: (text) => {
      stage = text
      revision++
    },
    revision: () => revision,
    frame: (clock) => ({
      clock,
      stage,
      waitMs: rules.gapMs + rules.latenessMs,
      figures: watchFigures(
        { events: eventCount, open: sessions.openCount(), closed: sessions.closedCount(), rows: sums.rows() },
        sums.counts(),
      ),
      events: events.toReversed(),
      open: openSessions(sessions.users, rules),
      closed: [...sessions.closed.values()].slice(-CLOSED_SHOWN).reverse().map(shownClosed),
      rows: rows.toReversed(),
    }),
    session: (number) => exploredSession(sessions, sessions.latestNumber(number)),
  }
}

function exploredSession({ users, closed }: WatchedSessions, number: number): ExploredSession | null {
  const last = [...closed.values()].find((one) => one.number === number)?.closed
  if (last !== undefined) return exploreSession(last, last.user, false)
  for (const [user, { open }] of users) {
    const session = open.find((one) => one.number === number)?.session
    if (session !== undefined) return exploreSession({ session, reason: null }, user, false)
  }
  return null
}
