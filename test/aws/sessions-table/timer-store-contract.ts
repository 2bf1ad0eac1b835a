// What every store of alarms does: alarms in; their pages in the order of time, until they are removed, out.

import { beforeEach, describe, expect, it } from 'vitest'
import type { AlarmPage, Alarms, TimeSpan } from '../../../functions/ports.ts'
import { at } from '../../support/events.ts'

export const ALL: TimeSpan = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }

/** Each list as it is read to its end. */
export async function listsOf(alarms: Alarms, span: TimeSpan = ALL): Promise<AlarmPage[][]> {
  const read = async (list: AsyncIterable<readonly AlarmPage[]>): Promise<AlarmPage[]> => {
    const pages: AlarmPage[] = []
    for await (const some of list) pages.push(...some)
    return pages
  }
  return Promise.all(alarms.lists(span).map(read))
}

export async function usersOf(alarms: Alarms, span: TimeSpan = ALL): Promise<string[]> {
  const pages = (await listsOf(alarms, span)).flat()
  return pages.flatMap((page) => page.alarms.map(({ user }) => user)).sort()
}

/** @param makeAlarms a store without anything in it. */
export function alarmsContract(name: string, makeAlarms: () => Promise<Alarms>): void {
  describe(`alarms ${name}`, () => {
    let alarms: Alarms
    beforeEach(async () => {
      alarms = await makeAlarms()
    })

    it('are found by the time that they are for, ends of the span included', async () => {
      await alarms.put([{ user: 'ben', atMs: at(60) }])
      await alarms.put([{ user: 'ann', atMs: at(30) }])
      const upTo = (toMs: number) => usersOf(alarms, { fromMs: 0, toMs })
      expect(await upTo(at(30) - 1)).toEqual([])
      expect(await upTo(at(30))).toEqual(['ann'])
      expect(await upTo(at(60))).toEqual(['ann', 'ben'])
      expect(await usersOf(alarms, { fromMs: at(30), toMs: at(30) })).toEqual(['ann'])
      expect(await usersOf(alarms, { fromMs: at(30) + 1, toMs: at(99) })).toEqual(['ben'])
    })

    it('give back each user and time as it was put, the earliest of a page first', async () => {
      const put = [
        { user: 'ann "é\u0000"', atMs: at(9) },
        { user: '', atMs: at(2) },
        { user: 'ann', atMs: at(2) + 0.25 },
      ]
      await alarms.put(put)
      const found = (await listsOf(alarms)).flat()
      expect(found.flatMap((page) => page.alarms)).toEqual([put[1], put[2], put[0]])
      for (const { startMs, alarms: ofPage } of found) expect(startMs).toBeLessThanOrEqual(ofPage[0]?.atMs ?? 0)
    })

    it('come in the order of time in each list', async () => {
      for (let n = 0; n < 40; n++) await alarms.put([{ user: `user ${n}`, atMs: at((n * 17) % 40) * 1.5 }])
      const starts = (await listsOf(alarms)).map((list) => list.map(({ startMs }) => startMs))
      expect(starts.flat()).toHaveLength(40)
      for (const ofList of starts) expect(ofList).toEqual([...ofList].sort((a, b) => a - b))
    })

    it('that are put again stay when the first are removed, though they are the same', async () => {
      await alarms.put([{ user: 'ann', atMs: at(1) }])
      const [first] = (await listsOf(alarms)).flat()
      await alarms.put([{ user: 'ann', atMs: at(1) }])
      await alarms.remove(first?.id ?? '')
      expect(await usersOf(alarms)).toEqual(['ann'])
    })

    it('are gone when they are removed, once or twice, and others stay', async () => {
      await alarms.put([{ user: 'ann', atMs: at(1) }])
      await alarms.put([{ user: 'ben', atMs: at(2) }])
      const pages = (await listsOf(alarms)).flat().sort((a, b) => a.startMs - b.startMs)
      await alarms.remove(pages[0]?.id ?? '')
      await alarms.remove(pages[0]?.id ?? '')
      expect(await usersOf(alarms)).toEqual(['ben'])
    })
  })
}
