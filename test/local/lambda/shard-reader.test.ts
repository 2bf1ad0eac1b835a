// Checks that a shard is read on where an iterator expires.

import { expect, it } from 'vitest'
import { type IteratorPage, openReader } from '../../../local/lambda/shard-reader.ts'

const RECORDS = ['1', '2', '3', '4']

/** An iterator is the number of records before it. Each of the given ones expires once. */
function callsOf(expiring: readonly string[]) {
  const left = new Set(expiring)
  return {
    open: async (after: string | undefined) => String(after === undefined ? 0 : RECORDS.indexOf(after) + 1),
    read: async (iterator: string): Promise<IteratorPage<string>> => {
      if (left.delete(iterator)) throw Object.assign(new Error('expired'), { name: 'ExpiredIteratorException' })
      const records = RECORDS.slice(Number(iterator), Number(iterator) + 2)
      const next = String(Number(iterator) + records.length)
      return { records, isEmpty: records.length === 0, hasMore: false, next, lastSequenceNumber: records.at(-1) }
    },
  }
}

it.each([[[]], [['0']], [['2']], [['0', '2', '4']]])(
  'yields every record once, in order, although these iterators expire: %j',
  async (expiring) => {
    const reader = await openReader(callsOf(expiring))
    const found: string[] = []
    for (let page = await reader.read(); page !== null && !page.isEmpty; page = await reader.read())
      found.push(...page.records)
    expect(found).toEqual(RECORDS)
  },
)

it('ends with every other error of a read', async () => {
  const read = () => Promise.reject(new Error('refused'))
  const reader = await openReader({ ...callsOf([]), read })
  await expect(reader.read()).rejects.toThrow('refused')
})
