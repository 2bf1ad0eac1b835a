// Tests what every TimerStore must do.

import { beforeEach, describe, expect, it } from 'vitest'
import type { PageSpan, TimerPage, TimerStore } from '../../../functions/ports.ts'
import { at } from '../../support/events.ts'

export const ALL: PageSpan = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }

/** Reads each list to its end. */
export async function listsOf(timers: TimerStore, span: PageSpan = ALL): Promise<TimerPage[][]> {
  const read = async (list: AsyncIterable<readonly TimerPage[]>): Promise<TimerPage[]> => {
    const pages: TimerPage[] = []
    for await (const some of list) pages.push(...some)
    return pages
  }
  return Promise.all(timers.lists(span).map(read))
}

export async function usersOf(timers: TimerStore, span: PageSpan = ALL): Promise<string[]> {
  const pages = (await listsOf(timers, span)).flat()
  return pages.flatMap((page) => page.timers.map(({ user }) => user)).sort()
}

/** @param makeTimerStore creates an empty store. */
export function timerStoreContract(name: string, makeTimerStore: () => Promise<TimerStore>): void {
  describe(`timers ${name}`, () => {
    let timers: TimerStore
    beforeEach(async () => {
      timers = await makeTimerStore()
    })

    it('are found by the time at which they fire, including both ends of the span', async () => {
      await timers.put([{ user: 'ben', atMs: at(60) }])
      await timers.put([{ user: 'ann', atMs: at(30) }])
      const upTo = (toMs: number) => usersOf(timers, { fromMs: 0, toMs })
      expect(await upTo(at(30) - 1)).toEqual([])
      expect(await upTo(at(30))).toEqual(['ann'])
      expect(await upTo(at(60))).toEqual(['ann', 'ben'])
      expect(await usersOf(timers, { fromMs: at(30), toMs: at(30) })).toEqual(['ann'])
      expect(await usersOf(timers, { fromMs: at(30) + 1, toMs: at(99) })).toEqual(['ben'])
    })

    it('hold each user and time exactly, the earliest of a page first', async () => {
      const put = [
        { user: 'ann "é\u0000"', atMs: at(9) },
        { user: '', atMs: at(2) },
        { user: 'ann', atMs: at(2) + 0.25 },
      ]
      await timers.put(put)
      const found = (await listsOf(timers)).flat()
      expect(found.flatMap((page) => page.timers)).toEqual([put[1], put[2], put[0]])
      for (const { startMs, timers: ofPage } of found) expect(startMs).toBeLessThanOrEqual(ofPage[0]?.atMs ?? 0)
    })

    it('are sorted by time in each list', async () => {
      for (let n = 0; n < 40; n++) await timers.put([{ user: `user ${n}`, atMs: at((n * 17) % 40) * 1.5 }])
      const starts = (await listsOf(timers)).map((list) => list.map(({ startMs }) => startMs))
      expect(starts.flat()).toHaveLength(40)
      for (const ofList of starts) expect(ofList).toEqual([...ofList].sort((a, b) => a - b))
    })

    it('stay when an equal page that was put before is removed', async () => {
      await timers.put([{ user: 'ann', atMs: at(1) }])
      const [first] = (await listsOf(timers)).flat()
      await timers.put([{ user: 'ann', atMs: at(1) }])
      await timers.remove(first?.id ?? '')
      expect(await usersOf(timers)).toEqual(['ann'])
    })

    it.each([1, 2, 3, 4, 7, 16])('are in the share of exactly one of %i sweepers', async (of) => {
      for (let n = 0; n < 40; n++) await timers.put([{ user: `user ${n}`, atMs: at(n) }])
      const shares: string[][] = []
      for (let number = 0; number < of; number++) shares.push(await usersOf(timers, { ...ALL, share: { number, of } }))
      expect(shares.flat().sort()).toEqual(await usersOf(timers))
      const sizes = shares.map((users) => users.length)
      // 40 pages have each of 16 numbers twice or three times.
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(
        3 * Math.ceil(16 / of) - 2 * Math.floor(16 / of),
      )
    })

    it('disappear when they are removed, once or twice, and leave the others', async () => {
      await timers.put([{ user: 'ann', atMs: at(1) }])
      await timers.put([{ user: 'ben', atMs: at(2) }])
      const pages = (await listsOf(timers)).flat().sort((a, b) => a.startMs - b.startMs)
      await timers.remove(pages[0]?.id ?? '')
      await timers.remove(pages[0]?.id ?? '')
      expect(await usersOf(timers)).toEqual(['ben'])
    })
  })
}
