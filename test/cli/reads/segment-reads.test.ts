// Tests that the sums by a label are read for a range of days, with their buckets.

import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { resultsSpec } from '../../../bench/bench-tables.ts'
import { readDaySegments, readHourSegments } from '../../../cli/reads/segment-reads.ts'
import { dynamoRollupStore } from '../../../functions/aws/results-table/rollup-store.ts'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import { SegmentSums } from '../../../functions/domain/results/segment-sums.ts'
import { daySegments, hourSegments } from '../../../functions/domain/results/segments.ts'
import { EXPIRES_MS, rowsOf } from '../../aws/results-table/result-store-contract.ts'
import { emulatedDynamo } from '../../support/emulated-dynamo.ts'
import { makeTables } from '../../support/tables.ts'

const emulated = emulatedDynamo()
const METADATA = { computedAtMs: 0, expiresAtMs: EXPIRES_MS }
const RANGE = { from: '2026-03-02', to: '2026-03-03' }

it('the days and the hours of one label are read in order, and none outside the range', async () => {
  const table = `results-${randomUUID()}`
  await makeTables([resultsSpec(table)], emulated.clients)
  const store = dynamoRollupStore(emulated.client, table)
  const sums = new SegmentSums(['variant'], sha256)
  for (const row of rowsOf(3)) sums.add({ ...row, labels: { variant: 'A' } })
  const values = sums.all(50)[0]?.values ?? []
  const days = ['2026-03-04', '2026-03-03', '2026-03-02', '2026-03-01'].map((day) =>
    daySegments('variant', day, values),
  )
  const hours = ['2026-03-03T23', '2026-03-02T00', '2026-03-01T23', '2026-03-04T00'].map((hour) =>
    hourSegments('variant', hour, values, null),
  )
  for (const segments of [...days, ...hours, daySegments('application', '2026-03-02', [])])
    await store.save(segments, 0, METADATA)
  const { client } = emulated
  expect(await readDaySegments(client, table, 'variant', RANGE)).toEqual([days[2], days[1]])
  expect(await readHourSegments(client, table, 'variant', RANGE)).toEqual([hours[1], hours[0]])
  expect(await readDaySegments(client, table, 'country', RANGE)).toEqual([])
  const [day] = await readDaySegments(client, table, 'variant', RANGE, false)
  expect(day?.values.map(({ value, counts, buckets }) => [value, counts, buckets])).toEqual([
    ['A', values[0]?.counts, []],
  ])
})
