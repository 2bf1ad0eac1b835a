// Tests which closed sessions every SessionStore must find around a range of time.

import { expect, it } from 'vitest'
import { SESSION_DURATION_MS_MAX } from '../../../functions/contract.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../functions/domain/durations.ts'
import { type Session, sessionId } from '../../../functions/domain/sessions/session.ts'
import { foundingId } from '../../../functions/domain/sessions/session-id.ts'
import type { SessionStore } from '../../../functions/ports.ts'
import { at, ORIGIN_MS, results, search } from '../../support/events.ts'
import { closedOf, EXPIRES_MS, session } from './session-samples.ts'

export function neighbourContract(store: () => SessionStore): void {
  const put = (closed: Session, version: number, user?: string): Promise<void> =>
    store().putClosed(closedOf(closed, version, user), EXPIRES_MS)
  const loadMs = async (fromMs: number, toMs: number, user = 'ann'): Promise<readonly Session[]> => {
    const found = await store().loadClosed(user, { fromMs, toMs })
    if (found === null) throw new Error('the range holds too much')
    return found
  }

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

  it('follows continued sessions past an old session that once continued the same one', async () => {
    const [first, second, third] = chainOf(3, 12 * HOUR_MS) as [Session, Session, Session]
    const old = session([search(ORIGIN_MS + 2 * HOUR_MS)], { continues: sessionId(first) })
    for (const link of [old, third, second, first]) await put(link, 1)
    const found = await loadMs(ORIGIN_MS - HOUR_MS, ORIGIN_MS)
    expect(sortedIds(found)).toEqual(expect.arrayContaining(sortedIds([first, second, third])))
  })

  it('finds what lies behind a stored session that is open again and has lost its events', async () => {
    const [far, emptied] = [0, 1].map((hour) => session([search(ORIGIN_MS + hour * HOUR_MS)])) as [Session, Session]
    for (const one of [far, emptied]) await put(one, 1)
    const range = { fromMs: ORIGIN_MS + 2 * HOUR_MS, toMs: ORIGIN_MS + 2 * HOUR_MS }
    const reopened = (events: Session['events']): Session => session(events, { ids: emptied.ids })
    const lost = reopened([search(ORIGIN_MS - HOUR_MS)])
    expect(await store().loadClosed('ann', { ...range, open: [lost] })).toEqual([far])
    const whole = reopened(emptied.events)
    expect(await store().loadClosed('ann', { ...range, open: [whole] })).toEqual([emptied])
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

  it('returns no more of a chain of full sessions than can be opened again, and null for a range of more', async () => {
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
