// Tests that ingest's work for any record grows no faster than the record.

import { expect, it } from 'vitest'
import { unpackRecord } from '../../functions/aws/stream/record-events.ts'
import { SEED } from '../support/random-log.ts'
import { shareOf, shares, worstCases, worstText } from './cost-limits.ts'
import { measure } from './ingest-meter.ts'
import type { CostCase } from './random-records.ts'

const CASES = 100

it(`ingest's work for each of ${CASES} random records stays in proportion to its users, events and bytes`, async () => {
  const worst = await worstCases(SEED, CASES)
  expect(Math.max(...shares(worst)), worstText(worst)).toBeLessThanOrEqual(1)
})

it('the limit of steps is passed by an ingest that unpacks the whole record for each of its events', async () => {
  const drawn: CostCase = {
    earlier: [],
    areClosed: false,
    record: [{ count: 300, users: 1, contents: 'clicks', ids: 'own', beforeMs: 0, spacingMs: 1 }],
    order: 'as drawn',
    packing: 'array',
    lateEvents: 'amend',
    maxSessionEvents: 1000,
  }
  const again: typeof unpackRecord = (record) => {
    const { events, bytes } = unpackRecord(record)
    const read = (n: number) => unpackRecord(record).events[n]?.read() ?? expect.unreachable()
    return { bytes, events: events.map((event, n) => ({ ...event, read: () => read(n) })) }
  }
  expect(shareOf(await measure(drawn), 'steps')).toBeLessThan(1)
  expect(shareOf(await measure(drawn, again), 'steps')).toBeGreaterThan(1)
})
