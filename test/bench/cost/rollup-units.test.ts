// Tests that the units of a rollup run depend on the rows of its own hour, and not on earlier
// hours.

import { randomUUID } from 'node:crypto'
import { BatchWriteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { benchClient, makeTables, resultsSpec } from '../../../bench/bench-tables.ts'
import { dynamoDirtyHours } from '../../../functions/aws/results-table/dirty-hours.ts'
import { resultItem } from '../../../functions/aws/results-table/result-items.ts'
import { dynamoRollupStore } from '../../../functions/aws/results-table/rollup-store.ts'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import { DAY_MS, HOUR_MS } from '../../../functions/domain/durations.ts'
import { nonEmpty } from '../../../functions/domain/non-empty.ts'
import type { ResultRow } from '../../../functions/domain/results/result.ts'
import { toRows } from '../../../functions/domain/results/result-rows.ts'
import type { Session } from '../../../functions/domain/sessions/session.ts'
import { foundingId } from '../../../functions/domain/sessions/session-id.ts'
import { type RollupReport, rollup } from '../../../functions/rollup/rollup.ts'
import { type Endpoints, startEndpoints } from '../../../local/emulators/endpoints.ts'
import { NO_FAULTS } from '../../../local/proxy/chaos.ts'
import { type DynamoProxy, startDynamoProxy } from '../../../local/proxy/dynamodb-proxy.ts'
import { requestRules } from '../../../local/proxy/request-rules/request-rules.ts'
import { at, click, ROW_RULES, results, search } from '../../support/events.ts'

const ROWS_A_SESSION = 3
const SESSIONS = 300
const SETTINGS = { rollupRetentionMs: 1100 * DAY_MS, rankEveryMs: HOUR_MS, segments: [], segmentValuesMax: 50 }
const ITEMS_AT_ONCE = 25

let endpoints: Endpoints
beforeAll(async () => {
  endpoints = await startEndpoints(null, null, process.env)
})
afterAll(() => endpoints?.stop())

/** Returns the rows of the n-th session, which has two searches, the first with a click. */
function sessionRows(n: number, startSeconds: number): ResultRow[] {
  const start = at(startSeconds + (n % 3000))
  const asked = search(start, { eventId: `asked ${n}`, searchId: `s${n}`, query: `a query of some words ${n % 90}` })
  const events = nonEmpty([
    asked,
    results(start + 1000, ['a', 'b', 'c'], { searchId: `s${n}` }),
    click(start + 5000, 'b', { searchId: `s${n}` }),
    search(start + 9000, { eventId: `again ${n}`, query: `another query ${n % 70}` }),
  ])
  const session: Session = { ids: [foundingId(asked)], continues: null, limitedBy: null, events }
  return toRows({ user: `user-${n}`, session, reason: 'gap', version: 7 }, sha256, ROW_RULES)
}

async function put(table: string, rows: readonly ResultRow[], client: DynamoDBDocumentClient): Promise<void> {
  for (let start = 0; start < rows.length; start += ITEMS_AT_ONCE) {
    const puts = rows.slice(start, start + ITEMS_AT_ONCE).map((row) => {
      return { PutRequest: { Item: resultItem(row, at(0) + 400 * DAY_MS) } }
    })
    await client.send(new BatchWriteCommand({ RequestItems: { [table]: puts } }))
  }
}

interface Run {
  readonly report: RollupReport
  readonly readUnits: number
  readonly writeUnits: number
}

/** @param historyHours how many earlier hours are full of rows too. */
async function sumOneHour(historyHours: number): Promise<Run[]> {
  const table = `results-${randomUUID()}`
  await makeTables([resultsSpec(table)], endpoints)
  const rules = requestRules({ functions: [], tables: [resultsSpec(table)], titles: new Map() })
  const proxy: DynamoProxy = await startDynamoProxy(endpoints.dynamodb, NO_FAULTS, () => null, rules)
  const direct = benchClient(endpoints.dynamodb)
  const metered = benchClient(proxy.endpoint)
  try {
    for (let hour = 0; hour <= historyHours; hour++) {
      const rows = Array.from({ length: SESSIONS }, (_, n) => sessionRows(n, -3600 * hour)).flat()
      await put(table, rows, direct)
    }
    const dirtyHours = dynamoDirtyHours(metered, table)
    const ports = { dirtyHours, rollups: dynamoRollupStore(metered, table), digest: sha256, hasTime: () => true }
    const runs: Run[] = []
    for (const nowMs of [at(3700), at(4000)]) {
      await dynamoDirtyHours(direct, table).mark([{ kind: 'hour', of: '2026-03-02T00', atMs: nowMs }])
      const before = total(proxy)
      const report = await rollup({ drain: false }, ports, SETTINGS, nowMs)
      const after = total(proxy)
      runs.push({ report, readUnits: after.reads - before.reads, writeUnits: after.writes - before.writes })
    }
    rules.failIfViolated()
    return runs
  } finally {
    direct.destroy()
    metered.destroy()
    await proxy.stop()
  }
}

function total(proxy: DynamoProxy): { reads: number; writes: number } {
  const sum = (units: ReadonlyMap<string, number>): number => [...units.values()].reduce((a, b) => a + b, 0)
  const { reads, writes } = proxy.capacity()
  return { reads: sum(reads), writes: sum(writes) }
}

describe('a rollup run of one hour', () => {
  it('costs the same with and without rows of earlier hours', async () => {
    const alone = await sumOneHour(0)
    const withHistory = await sumOneHour(4)
    expect(withHistory).toEqual(alone)
    const [first, second] = alone as [Run, Run]
    const rows = SESSIONS * ROWS_A_SESSION
    // The first run reads the searches once more to rank the queries. The second finds no change to
    // write.
    const searches = 2 * SESSIONS
    expect(first.report).toMatchObject({ hours: 1, days: 1, daysRanked: 1, rowsRead: rows + searches })
    expect(second.report).toMatchObject({ hours: 0, days: 0, daysRanked: 0, rowsRead: rows })
    // Eventually consistent: half a unit for 4 KB of index entries, and each of 16 slices rounds
    // up. The dirty hours, the days with stale query lists and what the last run left unfinished
    // take a consistent query each.
    expect(second.readUnits).toBeLessThanOrEqual(44)
    // The run marks the hour as seen, and the day's query lists as dirty.
    expect(second.writeUnits).toBe(2)
  })
})
