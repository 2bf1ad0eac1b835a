// Tests what every SessionStore must do with closed sessions and tombstones.

import { expect, it } from 'vitest'
import type { Event } from '../../../functions/domain/events/event.ts'
import { type Session, sessionId } from '../../../functions/domain/sessions/session.ts'
import type { ClosedVersion, SessionStore } from '../../../functions/ports.ts'
import { at, search } from '../../support/events.ts'
import { closedOf, EVERY_FIELD, EVERY_TYPE, EXPIRES_MS, expectConflict, ODD_NAMES, session } from './session-samples.ts'

export function closedSessionContract(store: () => SessionStore): void {
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
    expect(await store().closedVersion('ann', id, 0)).toBe(3)
  })

  it('stores only the first id of a closed session', async () => {
    await put(session(EVERY_TYPE, { ids: [id, 'merged'] }), 3)
    expect(await load(0, 5)).toEqual([session(EVERY_TYPE, { ids: [id] })])
    expect(await store().closedVersion('ann', 'merged', 0)).toBeNull()
  })

  it('replaces a closed session with a newer version', async () => {
    await put(short, 3)
    await put(grown, 5)
    expect(await load(0, 5)).toEqual([grown])
    expect(await store().closedVersion('ann', id, 0)).toBe(5)
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
    expect(await store().closedVersion('ann', id, 0)).toBe(5)
  })

  it('replaces a session with a tombstone, and the tombstone with a newer version', async () => {
    await put(short, 3)
    await store().putTombstone('ann', id, 5, EXPIRES_MS)
    await store().putTombstone('ann', id, 5, EXPIRES_MS)
    expect(await load(0, 5)).toEqual([])
    expect(await store().closedVersion('ann', id, 0)).toBe(5)
    await expectConflict(put(short, 4), 5)
    await put(grown, 6)
    expect(await load(0, 5)).toEqual([grown])
  })

  it('puts a tombstone for a session that was never closed', async () => {
    await store().putTombstone('ann', id, 2, EXPIRES_MS)
    expect(await store().closedVersion('ann', id, 0)).toBe(2)
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
    expect(await store().closedVersion('ann', id, 0)).toBeNull()
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
      for (const found of sessions) expect(await store().closedVersion(user, sessionId(found), 0)).toBe(version + 1)
    }
  })
}
