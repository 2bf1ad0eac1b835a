// Tests what every SessionStore must do.

import { beforeEach, describe, expect, it } from 'vitest'
import { SESSION_DURATION_MS_MAX } from '../../../functions/contract.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../functions/domain/durations.ts'
import type { Event } from '../../../functions/domain/events/event.ts'
import { nonEmpty } from '../../../functions/domain/non-empty.ts'
import type { ClosedSession } from '../../../functions/domain/results/result.ts'
import type { Forgotten } from '../../../functions/domain/sessions/forgotten.ts'
import { foundingId, type Session, sessionId } from '../../../functions/domain/sessions/session.ts'
import { NEW_USER, type UserState } from '../../../functions/domain/sessions/user-state.ts'
import { type ClosedVersion, type SessionStore, VersionConflictError } from '../../../functions/ports.ts'
import { loadUser } from '../../../functions/user-writes.ts'
import { at, bare, click, ORIGIN_MS, results, search } from '../../support/events.ts'

/** In the distant future, since a table deletes expired items. */
export const EXPIRES_MS = Date.parse('2100-01-01T00:00:00.000Z')

/** Names that could break a key, an object or an expression. */
const ODD_NAMES = [
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

const EVERY_TYPE = [
  bare('AppOpen', at(0), { eventId: 'open' }),
  search(at(1), { eventId: 'asked', searchId: 's1', query: 'dogs "and" 猫 🐈 \u2028 \\' }),
  search(at(1), { eventId: 'long', query: 'x'.repeat(2000) }),
  results(at(2), ['a', 'b'], { eventId: 'shown', searchId: 's1', resultCount: 31 }),
  results(at(2), [], { eventId: 'none' }),
  click(at(3), 'a', { eventId: 'chosen', searchId: 's1', position: 7 }),
  click(at(3), 'ö#1', {}),
  bare('Timeout', at(4)),
  bare('AppClose', at(5)),
]

const EVERY_FIELD = stateOf(1, {
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
  forgotten: {
    atMs: at(-100),
    untilMs: at(1_000_000),
    pendingTombstones: ['20260301T000000000Z-a', '20260301T010000000Z-ä "'],
  },
})

const FORGOTTEN = EVERY_FIELD.forgotten as Forgotten

const EMPTY = stateOf(1, { skewMs: null })

/** @param makeStore creates an empty store. */
export function sessionStoreContract(name: string, makeStore: () => Promise<SessionStore>): void {
  describe(`a session store ${name}`, () => {
    let store: SessionStore
    beforeEach(async () => {
      store = await makeStore()
    })
    describe('for states', () => statesContract(() => store))
    describe('for closed sessions', () => closedContract(() => store))
  })
}

function statesContract(store: () => SessionStore): void {
  it('returns the state of a new user for a user without a state', async () => {
    await store().saveUser('ben', EVERY_FIELD, 0, EXPIRES_MS)
    expect(await loadUser('ann', store())).toEqual(NEW_USER)
  })

  it.each([
    ['every type of event and every field', EVERY_FIELD],
    ['nothing in it', EMPTY],
    [
      'a user who is forgotten and has no open session',
      stateOf(1, { forgotten: { ...FORGOTTEN, pendingTombstones: [] } }),
    ],
  ])('returns the saved state with %s', async (_, state) => {
    await store().saveUser('ann', state, 0, EXPIRES_MS)
    expect(await loadUser('ann', store())).toEqual(state)
  })

  it('drops what the last save left out', async () => {
    await store().saveUser('ann', EVERY_FIELD, 0, EXPIRES_MS)
    await store().saveUser('ann', { ...EMPTY, version: 2 }, 1, EXPIRES_MS)
    expect(await loadUser('ann', store())).toEqual({ ...EMPTY, version: 2 })
  })

  it('stores the states of oddly named users apart', async () => {
    const states = ODD_NAMES.map((user, n): [string, UserState] => [user, stateOf(1, { skewMs: n })])
    for (const [user, state] of states) await store().saveUser(user, state, 0, EXPIRES_MS)
    expect(await store().loadUsers(ODD_NAMES)).toEqual(new Map(states))
  })

  it('loads more than a hundred users at once', async () => {
    const users = Array.from({ length: 230 }, (_, n) => `user ${n}`)
    const states = users.map((user, n): [string, UserState] => [user, stateOf(1, { skewMs: n })])
    await Promise.all(states.map(([user, state]) => store().saveUser(user, state, 0, EXPIRES_MS)))
    expect(await store().loadUsers(users)).toEqual(new Map(states))
  })

  it('refuses to save over another version, and names the stored one', async () => {
    await store().saveUser('ann', stateOf(1), 0, EXPIRES_MS)
    await store().saveUser('ann', stateOf(7, { skewMs: 7 }), 1, EXPIRES_MS)
    for (const base of [0, 1, 6, 8]) {
      await expectConflict(store().saveUser('ann', stateOf(9, { skewMs: 9 }), base, EXPIRES_MS), 7)
    }
    expect(await loadUser('ann', store())).toEqual(stateOf(7, { skewMs: 7 }))
  })

  it('refuses to save over a state that does not exist', async () => {
    await expectConflict(store().saveUser('ann', stateOf(4), 3, EXPIRES_MS), 0)
    expect(await loadUser('ann', store())).toEqual(NEW_USER)
  })

  it('accepts the same state again, since an answer can be lost', async () => {
    await store().saveUser('ann', EVERY_FIELD, 0, EXPIRES_MS)
    await store().saveUser('ann', EVERY_FIELD, 0, EXPIRES_MS)
    const next = { ...EVERY_FIELD, version: 2, open: [] }
    await store().saveUser('ann', next, 1, EXPIRES_MS)
    await store().saveUser('ann', next, 1, EXPIRES_MS)
    expect(await loadUser('ann', store())).toEqual(next)
  })

  it.each<[string, Partial<UserState>]>([
    ['clock', { skewMs: -1233 }],
    ['time of the last affecting event', { lastAffectingTimeMs: at(-59) }],
    ['sessions', { open: EVERY_FIELD.open.slice(1) }],
    ['moment of erasure', { forgotten: { ...FORGOTTEN, atMs: at(-99) } }],
    ['end of the erasure', { forgotten: { ...FORGOTTEN, untilMs: at(1_000_001) } }],
    ['list of pending tombstones', { forgotten: { ...FORGOTTEN, pendingTombstones: [] } }],
    ['erasure', { forgotten: null }],
  ])('refuses a state of the stored version with a different %s', async (_, other) => {
    await store().saveUser('ann', EVERY_FIELD, 0, EXPIRES_MS)
    await expectConflict(store().saveUser('ann', { ...EVERY_FIELD, ...other }, 0, EXPIRES_MS), 1)
    expect(await loadUser('ann', store())).toEqual(EVERY_FIELD)
  })

  it('lets exactly one of several simultaneous writers save', async () => {
    const rivals = [1, 2, 3, 4, 5].map((skewMs) => stateOf(1, { skewMs }))
    const outcomes = await Promise.allSettled(rivals.map((state) => store().saveUser('ann', state, 0, EXPIRES_MS)))
    const saved = rivals.filter((_, n) => outcomes[n]?.status === 'fulfilled')
    expect(saved).toHaveLength(1)
    expect(await loadUser('ann', store())).toEqual(saved[0])
  })
}

function closedContract(store: () => SessionStore): void {
  const short = session(EVERY_TYPE, { continues: 'an earlier one', limitedBy: { limit: 'max_events', atMs: at(5) } })
  const id = sessionId(short)
  const grown = session([...EVERY_TYPE, search(at(6))], { ids: [id] })
  const put = (closed: Session, version: number, user?: string): Promise<void> =>
    store().putClosed(closedOf(closed, version, user), EXPIRES_MS)
  const loadMs = async (fromMs: number, toMs: number, user = 'ann'): Promise<readonly Session[]> => {
    const found = await store().loadClosed(user, { fromMs, toMs })
    if (found === null) throw new Error('the range holds too much')
    return found
  }
  const load = (fromSeconds: number, toSeconds: number, user?: string): Promise<readonly Session[]> =>
    loadMs(at(fromSeconds), at(toSeconds), user)

  it('returns a closed session with every type of event and every field', async () => {
    await put(short, 3)
    expect(await load(0, 5)).toEqual([short])
    expect(await store().closedVersion('ann', id)).toBe(3)
  })

  it('stores only the first id of a closed session', async () => {
    await put(session(EVERY_TYPE, { ids: [id, 'merged'] }), 3)
    expect(await load(0, 5)).toEqual([session(EVERY_TYPE, { ids: [id] })])
    expect(await store().closedVersion('ann', 'merged')).toBeNull()
  })

  it('replaces a closed session with a newer version', async () => {
    await put(short, 3)
    await put(grown, 5)
    expect(await load(0, 5)).toEqual([grown])
    expect(await store().closedVersion('ann', id)).toBe(5)
  })

  it('changes nothing when a version is put again', async () => {
    await put(short, 3)
    await put(grown, 3)
    await store().putTombstone('ann', id, 3, EXPIRES_MS)
    expect(await load(0, 5)).toEqual([short])
  })

  it('refuses an older version, and names the stored one', async () => {
    await put(grown, 5)
    await expectConflict(put(short, 4), 5)
    await expectConflict(store().putTombstone('ann', id, 4, EXPIRES_MS), 5)
    expect(await load(0, 5)).toEqual([grown])
    expect(await store().closedVersion('ann', id)).toBe(5)
  })

  it('replaces a session with a tombstone, and the tombstone with a newer version', async () => {
    await put(short, 3)
    await store().putTombstone('ann', id, 5, EXPIRES_MS)
    await store().putTombstone('ann', id, 5, EXPIRES_MS)
    expect(await load(0, 5)).toEqual([])
    expect(await store().closedVersion('ann', id)).toBe(5)
    await expectConflict(put(short, 4), 5)
    await put(grown, 6)
    expect(await load(0, 5)).toEqual([grown])
  })

  it('puts a tombstone for a session that was never closed', async () => {
    await store().putTombstone('ann', id, 2, EXPIRES_MS)
    expect(await store().closedVersion('ann', id)).toBe(2)
  })

  it('yields the versions of all closed sessions and tombstones of one user', async () => {
    await put(short, 3)
    await store().putTombstone('ann', 'merged', 4, EXPIRES_MS)
    await put(short, 5, 'ann2')
    await put(short, 5, 'an')
    await store().saveUser('ann', EVERY_FIELD, 0, EXPIRES_MS)
    expect((await versions('ann')).sort((a, b) => a.version - b.version)).toEqual([
      { id, version: 3, isTombstone: false },
      { id: 'merged', version: 4, isTombstone: true },
    ])
    expect(await versions('anna')).toEqual([])
  })

  it('yields the versions of more sessions than one page holds', async () => {
    const long = session(EVERY_TYPE.map((one) => ({ ...one, query: 'x'.repeat(1000) }) as Event))
    const ids = Array.from({ length: 300 }, (_, n) => `${id} ${n}`)
    for (const one of ids) await put({ ...long, ids: [one] }, 1)
    expect((await versions('ann')).map((found) => found.id).sort()).toEqual(ids.sort())
  })

  async function versions(user: string): Promise<ClosedVersion[]> {
    const found: ClosedVersion[] = []
    for await (const page of store().closedVersions(user)) found.push(...page)
    return found
  }

  it('returns neither sessions of other users nor open ones', async () => {
    await put(short, 3, 'ann2')
    await put(short, 3, 'an')
    await store().saveUser('ann', EVERY_FIELD, 0, EXPIRES_MS)
    expect(await load(0, 5)).toEqual([])
    expect(await store().closedVersion('ann', id)).toBeNull()
  })

  it('stores oddly named users and sessions apart', async () => {
    for (const [version, user] of ODD_NAMES.entries()) {
      for (const eventId of ODD_NAMES.map((name) => name.slice(0, 128))) {
        await put(session([search(at(0), { eventId })]), version + 1, user)
      }
    }
    for (const [version, user] of ODD_NAMES.entries()) {
      const sessions = await load(0, 0, user)
      expect(sessions.map((found) => found.events[0]?.eventId).sort()).toEqual(
        ODD_NAMES.map((name) => name.slice(0, 128)).sort(),
      )
      for (const found of sessions) expect(await store().closedVersion(user, sessionId(found))).toBe(version + 1)
    }
  })

  it('finds a session by any of its events, whichever event founded it', async () => {
    const lastMs = ORIGIN_MS + SESSION_DURATION_MS_MAX
    const events = [search(ORIGIN_MS), search(ORIGIN_MS + 5 * HOUR_MS), search(lastMs)]
    for (const founder of events) {
      const user = `founded at ${founder.timeMs}`
      const found = session(events, { ids: [foundingId(founder)] })
      await put(found, 1, user)
      for (const { timeMs } of events) {
        expect(await store().loadClosed(user, { fromMs: timeMs, toMs: timeMs })).toEqual([found])
      }
    }
  })

  it.each([
    ['half a day', 5, 12 * HOUR_MS],
    ['some minutes', 40, 7 * MINUTE_MS],
    ['half a day, as long as events may arrive late', 14, 12 * HOUR_MS],
  ])(
    'follows sessions that a limit ended after %s to the last session that continues them',
    async (_, length, stepMs) => {
      const chain = chainOf(length, stepMs)
      for (const link of [...chain].reverse()) await put(link, 1)
      const found = await loadMs(ORIGIN_MS - HOUR_MS, ORIGIN_MS)
      expect(sortedIds(found)).toEqual(sortedIds(chain))
    },
  )

  it('follows them past an old session that once continued the same one', async () => {
    const [first, second, third] = chainOf(3, 12 * HOUR_MS) as [Session, Session, Session]
    const old = session([search(ORIGIN_MS + 2 * HOUR_MS)], { continues: sessionId(first) })
    for (const link of [old, third, second, first]) await put(link, 1)
    const found = await loadMs(ORIGIN_MS - HOUR_MS, ORIGIN_MS)
    expect(sortedIds(found)).toEqual(expect.arrayContaining(sortedIds([first, second, third])))
  })

  it('finds the sessions in the range, and the first on either side of them', async () => {
    const hourly = Array.from({ length: 48 }, (_, n) => session([search(ORIGIN_MS + n * HOUR_MS)]))
    for (const one of hourly) await put(one, 1)
    for (const [fromHour, toHour, first, last] of [
      [20, 20, 19, 21],
      [20.1, 20.2, 20, 21],
      [20, 23.5, 19, 24],
      [-1, -1, 0, 0],
      [60, 60, 47, 47],
    ] as const) {
      const found = await loadMs(ORIGIN_MS + fromHour * HOUR_MS, ORIGIN_MS + toHour * HOUR_MS)
      expect(sortedIds(found)).toEqual(sortedIds(hourly.slice(first, last + 1)))
    }
  })

  it('finds neighbours on the far side of many tombstones', async () => {
    const [before, after] = [session([search(ORIGIN_MS)]), session([search(ORIGIN_MS + HOUR_MS)])]
    await put(before, 1)
    await put(after, 1)
    for (let n = 1; n < 60; n++) {
      await store().putTombstone(
        'ann',
        foundingId(search(ORIGIN_MS + n * MINUTE_MS, { eventId: `gone ${n}` })),
        1,
        EXPIRES_MS,
      )
    }
    expect(sortedIds(await loadMs(at(1800), at(1800)))).toEqual(sortedIds([before, after]))
  })

  it('returns no more of a run of full sessions than can be opened again, and null for a range of more', async () => {
    const items = Array.from({ length: 1000 }, (_, n) => `item ${n}`)
    const startOf = (n: number): number => ORIGIN_MS + n * MINUTE_MS
    const full = Array.from({ length: 60 }, (_, n) => {
      const events = Array.from({ length: 25 }, (_, m) => results(startOf(n) + m, items, { eventId: `${n} ${m}` }))
      const continues = n === 0 ? null : foundingId(results(startOf(n - 1), items, { eventId: `${n - 1} 0` }))
      return session(events, { continues, limitedBy: { limit: 'max_events', atMs: startOf(n + 1) } })
    })
    for (const one of full) await put(one, 1)
    const found = await loadMs(startOf(30), startOf(30))
    expect(found.length).toBeLessThan(15)
    expect(sortedIds(found)).toEqual(expect.arrayContaining(sortedIds(full.slice(29, 32))))
    expect(await store().loadClosed('ann', { fromMs: startOf(10), toMs: startOf(40) })).toBeNull()
  })

  it.each(['0000-01-01', '0001-01-01', '1969-12-31'])('finds a session of the day %s', async (day) => {
    const timeMs = Date.parse(day)
    const found = session([search(timeMs)])
    await put(found, 1)
    const range = { fromMs: timeMs - 30 * MINUTE_MS, toMs: timeMs + 30 * MINUTE_MS }
    expect(await store().loadClosed('ann', range)).toEqual([found])
  })
}

/**
 * Returns sessions that a limit ended, each continued by the next. A late event before the first
 * joins only that one.
 */
function chainOf(length: number, stepMs: number): Session[] {
  const startOf = (n: number): number => ORIGIN_MS + n * stepMs
  return Array.from({ length }, (_, n) => {
    const events = [
      search(startOf(n), { eventId: `first ${n}` }),
      search(startOf(n + 1) - SECOND_MS, { eventId: `last ${n}` }),
    ]
    const continues = n === 0 ? null : foundingId(search(startOf(n - 1), { eventId: `first ${n - 1}` }))
    const isLast = n === length - 1
    return session(events, { continues, limitedBy: isLast ? null : { limit: 'max_duration', atMs: startOf(n + 1) } })
  })
}

function sortedIds(sessions: readonly Session[]): string[] {
  return sessions.map(sessionId).sort()
}

async function expectConflict(attempt: Promise<void>, version: number): Promise<void> {
  const error: unknown = await attempt.then(
    () => null,
    (cause: unknown) => cause,
  )
  expect(error).toBeInstanceOf(VersionConflictError)
  expect((error as VersionConflictError).version).toBe(version)
}
