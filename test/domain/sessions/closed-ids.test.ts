// Tests which ids of closed sessions a state remembers, and for how long (E2).

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS } from '../../../functions/domain/durations.ts'
import { EVENT_TYPES } from '../../../functions/domain/events/event.ts'
import {
  CLOSED_ID_SESSIONS_MAX,
  CLOSED_IDS_MAX,
  type ClosedIds,
  sessionsWithId,
  withClosedIds,
  withoutOpened,
} from '../../../functions/domain/sessions/closed-ids.ts'
import { type Session, toSessions } from '../../../functions/domain/sessions/session.ts'
import { foundingId, timeOfId } from '../../../functions/domain/sessions/session-id.ts'
import { ORIGIN_MS, RULES, search } from '../../support/events.ts'
import { SEED } from '../../support/random-log.ts'

function closedAt(timeMs: number, eventIds: readonly string[]): Session[] {
  return toSessions(
    eventIds.map((eventId) => search(timeMs, { eventId })),
    [],
    RULES,
  )
}

function remembered(sessions: readonly Session[][]): readonly ClosedIds[] {
  return sessions.reduce<readonly ClosedIds[]>((known, session) => withClosedIds(known, session, [], RULES), [])
}

it('reads the time of a session from its id, in any year and for any type of its first event', () => {
  const time = fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 })
  fc.assert(
    fc.property(time, fc.constantFrom(...EVENT_TYPES), fc.string(), (timeMs, type, eventId) => {
      expect(timeOfId(foundingId({ type, eventId, timeMs }))).toBe(timeMs)
    }),
    { seed: SEED },
  )
})

describe('the ids of closed sessions', () => {
  it('lead to the session of an id, and are forgotten once it is open again', () => {
    const session = closedAt(ORIGIN_MS, ['a', 'b'])
    const known = remembered([session, closedAt(ORIGIN_MS + HOUR_MS, ['c'])])
    expect(sessionsWithId(known, search(0, { eventId: 'b' }))).toEqual([ORIGIN_MS])
    expect(sessionsWithId(withoutOpened(known, session), search(0, { eventId: 'b' }))).toEqual([])
    expect(sessionsWithId(known, search(0, { eventId: 'another' }))).toEqual([])
  })

  it('are forgotten once no event may amend their session', () => {
    const first = closedAt(ORIGIN_MS, ['a'])
    const later = (ms: number): Session[] => closedAt(ORIGIN_MS + ms, ['z'])
    const forMs = RULES.amendForMs + RULES.latenessMs + RULES.maxSessionDurationMs
    expect(remembered([first, later(forMs)])).toHaveLength(2)
    expect(remembered([first, later(forMs + 1)])).toHaveLength(1)
  })

  it('are those of the newest sessions where they would be too many', () => {
    const sessions = Array.from({ length: CLOSED_ID_SESSIONS_MAX + 1 }, (_, n) =>
      closedAt(ORIGIN_MS + n * HOUR_MS, [`${n}`]),
    )
    const known = remembered(sessions)
    expect(known).toHaveLength(CLOSED_ID_SESSIONS_MAX)
    expect(known[0]?.foundedAtMs).toBe(ORIGIN_MS + HOUR_MS)
    const full = closedAt(
      ORIGIN_MS + 5 * DAY_MS,
      Array.from({ length: CLOSED_IDS_MAX }, (_, n) => `full ${n}`),
    )
    expect(remembered([...sessions, full]).map(({ hashes }) => hashes.length)).toEqual([CLOSED_IDS_MAX])
  })

  it('hold nothing of events without an id, nor with late events diverted', () => {
    const ownless = toSessions([search(ORIGIN_MS)], [], RULES)
    expect(remembered([ownless])).toEqual([])
    expect(withClosedIds([], closedAt(ORIGIN_MS, ['a']), [], { ...RULES, lateEvents: 'divert' })).toEqual([])
  })
})
