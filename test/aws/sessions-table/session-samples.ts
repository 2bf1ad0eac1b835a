// Builds the sessions and states that the tests of session stores save.

import { expect } from 'vitest'
import type { Event } from '../../../functions/domain/events/event.ts'
import { nonEmpty } from '../../../functions/domain/non-empty.ts'
import type { ClosedSession } from '../../../functions/domain/results/result.ts'
import type { Forgotten } from '../../../functions/domain/sessions/forgotten.ts'
import type { Session } from '../../../functions/domain/sessions/session.ts'
import { foundingId } from '../../../functions/domain/sessions/session-id.ts'
import { NEW_USER, type UserState } from '../../../functions/domain/sessions/user-state.ts'
import { VersionConflictError } from '../../../functions/ports.ts'
import { at, bare, click, results, search } from '../../support/events.ts'

/** In the distant future, since a table deletes expired items. */
export const EXPIRES_MS = Date.parse('2100-01-01T00:00:00.000Z')

/** Names that could break a key, an object or an expression. */
export const ODD_NAMES = [
  'a#b',
  '#',
  'user#ann',
  'ann closed',
  ' ',
  'Zoë 検索 🐕',
  '__proto__',
  'constructor',
  ':user',
  'n'.repeat(256),
]

export function session(events: readonly Event[], own: Partial<Session> = {}): Session {
  return { ids: [foundingId(nonEmpty(events)[0])], continues: null, limitedBy: null, events: nonEmpty(events), ...own }
}

export function stateOf(version: number, own: Partial<UserState> = {}): UserState {
  return { ...NEW_USER, version, skewMs: 0, ...own }
}

export function closedOf(closed: Session, version: number, user = 'ann'): ClosedSession {
  return { user, session: closed, reason: 'gap', version }
}

export const EVERY_TYPE = [
  bare('AppOpen', at(0), { eventId: 'open' }),
  search(at(1), { eventId: 'asked', searchId: 's1', query: 'dogs "and" 猫 🐈 \u2028 \\' }),
  search(at(1), { eventId: 'long', query: 'x'.repeat(2000) }),
  search(at(1), { eventId: 'labelled', labels: { variant: 'B "猫"', application: '', constructor: 'c' } }),
  results(at(2), ['a', 'b'], { eventId: 'shown', searchId: 's1', resultCount: 31 }),
  results(at(2), [], { eventId: 'none' }),
  click(at(3), 'a', { eventId: 'chosen', searchId: 's1', position: 7 }),
  click(at(3), 'ö#1', {}),
  bare('Timeout', at(4)),
  bare('AppClose', at(5)),
]

export const EVERY_FIELD = stateOf(1, {
  skewMs: -1234,
  lastAffectingTimeMs: at(-60),
  open: [
    session(EVERY_TYPE, {
      ids: ['20260302T000000000Z-open', '20260302T000003000Z-chosen'],
      continues: 'an earlier one',
    }),
    session([search(at(9))], { limitedBy: { limit: 'max_events', atMs: at(10) } }),
    session([search(at(10))], { limitedBy: { limit: 'max_duration', atMs: at(11) }, continues: 'the one before' }),
  ],
  closedIds: [
    { foundedAtMs: at(-7200), hashes: [0, 65_535, 7] },
    { foundedAtMs: at(-3600), hashes: [42] },
  ],
  forgotten: {
    atMs: at(-100),
    untilMs: at(1_000_000),
    pendingTombstones: ['20260301T000000000Z-a', '20260301T010000000Z-ä "'],
  },
})

export const FORGOTTEN = EVERY_FIELD.forgotten as Forgotten

export const EMPTY = stateOf(1, { skewMs: null })

export async function expectConflict(attempt: Promise<void>, version: number): Promise<void> {
  const error: unknown = await attempt.then(
    () => null,
    (cause: unknown) => cause,
  )
  expect(error).toBeInstanceOf(VersionConflictError)
  expect((error as VersionConflictError).version).toBe(version)
}
