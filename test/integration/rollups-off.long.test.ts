// Runs the deployed functions with `rollups: off`: the rows are those of a run with sums, at fewer
// write units.

import { expect, it } from 'vitest'
import { generateLog } from '../../samples/generated-log.ts'
import { at } from '../support/events.ts'
import { runLocally } from './on-emulators.ts'

it('without rollups the rows are the same, and neither the index nor a sum takes a unit', async () => {
  const log = generateLog({ seed: 16, users: 20, days: 1, startMs: at(0) }).map((event) => JSON.stringify(event))
  const on = await runLocally({}, log)
  const off = await runLocally({ rollups: 'off' }, log)
  expect(off.rows.map(({ version: _, ...row }) => row)).toEqual(on.rows.map(({ version: _, ...row }) => row))
  expect(off.rollups).toEqual({ hours: [], days: [] })
  const { capacity: withSums, ...summary } = on.summary
  const { capacity, ...summaryOff } = off.summary
  expect(summaryOff).toEqual(summary)
  expect(capacity.writeUnitsBy).toMatchObject({ by_hour: 0, rollups: 0 })
  expect(withSums.writeUnitsBy.by_hour).toBe(on.rows.length)
  // A row is one unit, since these queries are short. Each dirty hour was one more.
  expect(capacity.writeUnitsBy.results).toBe(off.rows.length)
})
