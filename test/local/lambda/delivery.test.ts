// Checks that a batch is retried, halved and given up as Lambda's event source mappings do it.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOUR_MS, SECOND_MS } from '../../../functions/domain/durations.ts'
import { type Delivered, deliver, type Invoker } from '../../../local/lambda/delivery.ts'
import type { MappingSpec } from '../../../local/template/pipeline-spec.ts'
import { SEED } from '../../support/random-log.ts'

const MAPPING: MappingSpec = {
  functionName: 'Ingest',
  sourceName: 'Events',
  batchSize: 100,
  windowMs: 0,
  bisects: true,
  reportsFailures: true,
  retriesMax: -1,
  recordAgeMsMax: HOUR_MS,
  failureBucket: 'dead-letters',
  filters: [],
}

const ROW_RULES = { batchItemFailures: [] }

/** A record is its sequence number. */
type Answer = (records: readonly string[], invocation: number) => unknown

interface Outcome extends Delivered<string> {
  readonly invoked: readonly (readonly string[])[]
  readonly discarded: readonly { readonly records: readonly string[]; readonly cause: string }[]
}

async function run(batch: readonly string[], answer: Answer, mapping: Partial<MappingSpec> = {}): Promise<Outcome> {
  const invoked: string[][] = []
  const discarded: { records: readonly string[]; cause: string }[] = []
  const invoker: Invoker<string> = {
    invoke: async (records) => {
      invoked.push([...records])
      return answer(records, invoked.length)
    },
    sequenceNumber: (record) => record,
    discard: async (records, cause) => {
      discarded.push({ records, cause })
    },
  }
  return { ...(await deliver(batch, { ...MAPPING, ...mapping }, invoker)), invoked, discarded }
}

function failAt(...identifiers: unknown[]): unknown {
  return { batchItemFailures: identifiers.map((itemIdentifier) => ({ itemIdentifier })) }
}

function fail(): never {
  throw new Error('broken')
}

describe('a batch', () => {
  it('delivers a batch once if nothing fails', async () => {
    const outcome = await run(['1', '2', '3'], () => ROW_RULES)
    expect(outcome).toEqual({ succeeded: 3, failed: [], invoked: [['1', '2', '3']], discarded: [] })
  })

  it.each([[null], [undefined], [{}], [{ batchItemFailures: null }]])(
    'delivers a batch once if the reply is %j',
    async (reply) => {
      expect((await run(['1', '2'], () => reply)).invoked).toEqual([['1', '2']])
    },
  )

  it('does not invoke the function for an empty batch', async () => {
    expect(await run([], fail)).toEqual({ succeeded: 0, failed: [], invoked: [], discarded: [] })
  })
})

describe('a partial failure', () => {
  it('counts tries and waits anew after a try that made progress', async () => {
    const batch = Array.from({ length: 400 }, (_, n) => String(n))
    const outcome = await run(batch, (records) => (records.length > 1 ? failAt(records[1]) : ROW_RULES))
    expect(outcome).toMatchObject({ succeeded: 400, discarded: [] })
    expect(outcome.invoked).toHaveLength(400)
  })

  it('retries from the lowest failed record to the end of the batch', async () => {
    const outcome = await run(['1', '2', '3', '4'], (_, n) => (n === 1 ? failAt('4', '2') : ROW_RULES))
    expect(outcome.invoked).toEqual([
      ['1', '2', '3', '4'],
      ['2', '3', '4'],
    ])
    expect(outcome.succeeded).toBe(4)
  })

  it.each(['9', '', null, undefined])(
    'retries the whole batch if the reply names a record outside it: %j',
    async (id) => {
      const outcome = await run(['1', '2', '3'], (_, n) => (n === 1 ? failAt('3', id) : ROW_RULES))
      expect(outcome.invoked[1]).toEqual(['1', '2', '3'])
    },
  )

  it('does not halve a batch after a partial failure', async () => {
    const outcome = await run(['1', '2', '3', '4'], (_, n) => (n < 4 ? failAt('1') : ROW_RULES))
    expect(outcome.invoked.map((records) => records.length)).toEqual([4, 4, 4, 4])
  })

  it('ignores reported failures if the mapping does not ask for them', async () => {
    const outcome = await run(['1', '2'], () => failAt('1'), { reportsFailures: false })
    expect(outcome).toMatchObject({ succeeded: 2, failed: [], invoked: [['1', '2']] })
  })
})

describe('a function error', () => {
  const poisonedBy =
    (poison: string): Answer =>
    (records) =>
      records.includes(poison) ? fail() : ROW_RULES
  const batch = ['1', '2', '3', '4', '5', '6', '7', '8']

  it.each(batch)('gives up only the record that always fails, and delivers the others in order: %s', async (poison) => {
    const outcome = await run(batch, poisonedBy(poison), { retriesMax: 2 })
    expect(outcome.discarded).toEqual([{ records: [poison], cause: 'broken' }])
    expect(outcome).toMatchObject({ succeeded: 7, failed: [poison] })
    const delivered = outcome.invoked.filter((records) => !records.includes(poison)).flat()
    expect(delivered).toEqual(batch.filter((record) => record !== poison))
  })

  it('does not count halving as a try, so the failing record gets all of its tries', async () => {
    const outcome = await run(batch, poisonedBy('1'), { retriesMax: 2 })
    expect(outcome.invoked.filter((records) => records.length === 1 && records[0] === '1')).toHaveLength(3)
    expect(outcome.invoked.filter((records) => records.length > 1 && records.includes('1'))).toHaveLength(3)
  })

  it('retries the whole batch if the mapping does not halve', async () => {
    const outcome = await run(['1', '2', '3'], poisonedBy('3'), { bisects: false, retriesMax: 1 })
    expect(outcome.invoked).toEqual([
      ['1', '2', '3'],
      ['1', '2', '3'],
    ])
    expect(outcome).toMatchObject({ succeeded: 0, failed: ['1', '2', '3'] })
    expect(outcome.discarded).toEqual([{ records: ['1', '2', '3'], cause: 'broken' }])
  })

  it('gives nothing up if a retry succeeds', async () => {
    const outcome = await run(['1'], (_, n) => (n < 4 ? fail() : ROW_RULES))
    expect(outcome).toMatchObject({ succeeded: 1, failed: [], discarded: [] })
  })
})

describe('the limit of tries', () => {
  it.each([0, 1, 5])('gives a batch up after %i retries if the mapping sets this limit', async (retriesMax) => {
    const outcome = await run(['1', '2'], () => failAt('2'), { retriesMax, recordAgeMsMax: -1 })
    expect(outcome.invoked).toHaveLength(1 + retriesMax)
    expect(outcome).toMatchObject({ succeeded: 1, failed: ['2'] })
    expect(outcome.discarded).toEqual([{ records: ['2'], cause: 'partial batch failure' }])
  })

  it('gives a batch up when the waits between tries exceed the record age', async () => {
    const tries = async (recordAgeMsMax: number): Promise<number> =>
      (await run(['1'], () => failAt('1'), { recordAgeMsMax })).invoked.length
    // The waits are 1, 2, 4 ... seconds.
    expect(await tries(0)).toBe(1)
    expect(await tries(SECOND_MS)).toBe(2)
    expect(await tries(3 * SECOND_MS - 1)).toBe(2)
    expect(await tries(3 * SECOND_MS)).toBe(3)
    expect(await tries(20 * HOUR_MS)).toBeGreaterThan(100)
    expect(await tries(20 * HOUR_MS)).toBeLessThan(300)
  })

  it('gives a batch up at the first of both limits', async () => {
    const outcome = await run(['1'], fail, { retriesMax: 3, recordAgeMsMax: SECOND_MS })
    expect(outcome.invoked).toHaveLength(2)
  })
})

describe('any failures', () => {
  const batch = Array.from({ length: 20 }, (_, n) => String(n + 1))

  it('delivers every record in order or gives it up, and gives up only failing records', async () => {
    const some = fc.uniqueArray(fc.constantFrom(...batch), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(some, some, async (poisons, failing) => {
        const answer: Answer = (records) => {
          if (records.some((record) => poisons.includes(record))) fail()
          return failAt(...records.filter((record) => failing.includes(record)))
        }
        const outcome = await run(batch, answer, { retriesMax: 2 })
        expect(outcome.discarded.flatMap(({ records }) => records)).toEqual(outcome.failed)
        expect(outcome.succeeded + outcome.failed.length).toBe(batch.length)
        for (const poison of poisons) expect(outcome.failed).toContain(poison)
        const firsts = [...new Set(outcome.invoked.map((records) => Number(records[0])))]
        expect(firsts).toEqual([...firsts].sort((a, b) => a - b))
        if (failing.length === 0) expect(outcome.failed).toEqual(batch.filter((record) => poisons.includes(record)))
      }),
      { seed: SEED },
    )
  })
})
