// Tests what every SessionStore must do with states.

import { expect, it } from 'vitest'
import { NEW_USER, type UserState } from '../../../functions/domain/sessions/user-state.ts'
import type { SessionStore } from '../../../functions/ports.ts'
import { loadUser } from '../../../functions/user-writes.ts'
import { at } from '../../support/events.ts'
import { EMPTY, EVERY_FIELD, EXPIRES_MS, expectConflict, FORGOTTEN, ODD_NAMES, stateOf } from './session-samples.ts'

export function stateContract(store: () => SessionStore): void {
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
    // A forgotten user stays forgotten.
    const emptied = { ...EMPTY, version: 2, forgotten: { ...FORGOTTEN, pendingTombstones: [] } }
    await store().saveUser('ann', emptied, 1, EXPIRES_MS)
    expect(await loadUser('ann', store())).toEqual(emptied)
  })

  it('stores the states of oddly named users apart', async () => {
    const states = ODD_NAMES.map((user, n): [string, UserState] => [user, stateOf(1, { skewMs: n })])
    for (const [user, state] of states) await store().saveUser(user, state, 0, EXPIRES_MS)
    expect(await store().loadUsers(ODD_NAMES)).toEqual(new Map(states))
  })

  it('loads more than a hundred users at once', async () => {
    const users = Array.from({ length: 230 }, (_, n) => `user ${n}`)
    const states = users.map((user, n): [string, UserState] => [user, stateOf(1, { skewMs: n })])
    for (const [user, state] of states) await store().saveUser(user, state, 0, EXPIRES_MS)
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
