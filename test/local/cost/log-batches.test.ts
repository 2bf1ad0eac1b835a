// Tests that a log is divided into batches as in traffic of a given rate.

import { describe, expect, it } from 'vitest'
import { windowedBatches } from '../../../bench/batches.ts'
import { trafficLog } from '../../../bench/cost/cost-logs.ts'
import { type LoggedRecord, logBatches } from '../../../local/cost/log-batches.ts'
import type { Batch } from '../../../local/cost/replay-batches.ts'

const START_MS = Date.parse('2026-03-02T09:00:00Z')
const WINDOW_MS = 120_000

function record(user: string | null, seconds: number | null): LoggedRecord {
  const timeMs = seconds === null ? null : START_MS + seconds * 1000
  return { user, timeMs, data: Buffer.from(`${user} ${seconds}`), events: 1 }
}

/** The texts of the records of each batch. */
function texts(batches: readonly Batch[]): string[][] {
  return batches.map(({ records }) => records.map(({ data }) => Buffer.from(data, 'base64').toString('utf8')))
}

const load = (recordsPerSecond: number, batchRecords = 1000) => ({
  recordsPerSecond,
  windowMs: WINDOW_MS,
  batchRecords,
})

describe('the batches of a log', () => {
  it('are those of a poller where no other user sends', () => {
    const log = trafficLog(1, 30)
    const records = log.map((event) => ({
      user: event.user as string,
      timeMs: Date.parse(event.time as string),
      data: Buffer.from(JSON.stringify(event)),
      events: 1,
    }))
    const { ownRecordsPerSecond } = logBatches(records, load(1))
    const { batches } = logBatches(records, load(ownRecordsPerSecond))
    const polled = windowedBatches(log, { batchSize: 1000, batchWindowMs: WINDOW_MS })
    expect(texts(batches)).toEqual(texts(polled))
  })

  it('keep the order of a user, whose late record arrives with the one before', () => {
    const { batches, userBatches } = logBatches([record('ann', 600), record('ben', 1), record('ann', 5)], load(0.001))
    expect(texts(batches)).toEqual([['ben 1'], ['ann 600', 'ann 5']])
    expect(userBatches).toBe(2)
  })

  it('hold a record without a time beside the record before it', () => {
    const { batches } = logBatches([record('ann', 1), record(null, null), record('ann', 900)], load(3 / 899))
    expect(texts(batches)).toEqual([['ann 1', 'null null'], ['ann 900']])
  })

  it('keep the order of records without times, which arrive one after the other', () => {
    const records = ['ann', 'ben', 'ann', 'ben'].map((user) => record(user, null))
    const { batches } = logBatches([record('ann', 1), ...records], load(1000))
    const arrivals = batches.flatMap((batch) => batch.records.map(({ arrivalMs }) => arrivalMs - START_MS))
    expect(arrivals).toEqual([1000, 1001, 1002, 1003, 1004])
  })

  it('end in the middle of a visit where others open them', () => {
    const visits = Array.from({ length: 100 }, (_, n) => [0, 60].map((after) => record(`user ${n}`, n * 3600 + after)))
    const alone = logBatches(visits.flat(), load(200 / (99 * 3600 + 60)))
    expect(alone.batches).toHaveLength(100)
    // The second record comes after half of the window, so half of the visits are split.
    const beside = logBatches(visits.flat(), load(1000))
    expect(beside.userBatches).toBeGreaterThan(140)
    expect(beside.userBatches).toBeLessThan(160)
  })

  it('divide the users where the log has more records a second than a shard', () => {
    const records = Array.from({ length: 101 }, (_, n) => record(`user ${n % 10}`, n))
    const { batches } = logBatches(records, load(0.5))
    expect(new Set(batches.flatMap((batch) => batch.records.map(({ shardId }) => shardId))).size).toBe(3)
    for (const { records: ofBatch } of batches) {
      const numbers = ofBatch.map(({ sequenceNumber }) => Number(sequenceNumber))
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    }
  })

  it('hold no more records than allowed', () => {
    const { batches } = logBatches(
      [1, 2, 3, 4, 5].map((seconds) => record('ann', seconds)),
      load(0.001, 2),
    )
    expect(batches.map(({ records }) => records.length)).toEqual([2, 2, 1])
  })
})
