// Collects one item of every kind that the adapters write to the two tables.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { dynamoDirtyHours } from '../../functions/aws/results-table/dirty-hours.ts'
import { dynamoResultStore } from '../../functions/aws/results-table/result-store.ts'
import { dynamoRollupStore } from '../../functions/aws/results-table/rollup-store.ts'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { dynamoTimerStore } from '../../functions/aws/sessions-table/timer-store.ts'
import { dynamoEmptyShards, dynamoShardProgress } from '../../functions/aws/stream/shard-progress.ts'
import { toRows } from '../../functions/domain/results/result-rows.ts'
import { dayOf, dayRollup, hourOf, hourRollup, sumRows } from '../../functions/domain/results/rollup.ts'
import { SegmentSums } from '../../functions/domain/results/segment-sums.ts'
import { daySegments, hourSegments } from '../../functions/domain/results/segments.ts'
import { QueryTallies, queryRollups } from '../../functions/domain/results/top-queries.ts'
import { toSessions } from '../../functions/domain/sessions/session.ts'
import { at, click, ROW_RULES, RULES, results, search } from './events.ts'

/** Attribute values may be in either of the SDK's two forms; names are as they are stored. */
export type StoredItem = Readonly<Record<string, unknown>>

const LATER_MS = at(1_000_000)
const METADATA = { computedAtMs: at(1), expiresAtMs: LATER_MS }

export async function itemsOfSessionsTable(): Promise<StoredItem[]> {
  const { client, items } = recordingClient()
  const sessions = dynamoSessionStore(client, 'table')
  const open = oneSession(20)
  const forgotten = { atMs: at(0), untilMs: LATER_MS, pendingTombstones: ['id'] }
  const state = {
    version: 1,
    skewMs: 0,
    lastAffectingTimeMs: at(0),
    open,
    closedIds: [{ foundedAtMs: at(0), hashes: [1] }],
    forgotten,
  }
  await sessions.saveUser('ann', state, 0, LATER_MS)
  await sessions.saveUser('ann', { ...state, open: [] }, 0, LATER_MS)
  for (const session of open) {
    await sessions.putClosed({ user: 'ann', session, reason: 'gap', version: 2 }, LATER_MS)
  }
  await sessions.putTombstone('ann', 'id', 2, LATER_MS)
  await dynamoTimerStore(client, 'table').put([{ user: 'ann', atMs: at(0) }])
  await dynamoShardProgress(client, 'table').record('shard-1', '1', at(0))
  await dynamoEmptyShards(client, 'table').recordEmpty('shard-2', null, at(0))
  return items()
}

export async function itemsOfResultsTable(): Promise<StoredItem[]> {
  const { client, items } = recordingClient()
  const rows = oneSession(3).flatMap((session) =>
    toRows({ user: 'ann', session, reason: 'gap', version: 2 }, sha256, ROW_RULES),
  )
  const store = dynamoResultStore(client, 'table')
  for (const row of rows) await store.put(row, LATER_MS)

  const hour = hourOf({ day: '2026-03-02', hour: 0 })
  const day = dayOf(hour)
  const hourSums = hourRollup(hour, sumRows(rows), LATER_MS, ['application'])
  const rollups = dynamoRollupStore(client, 'table')
  await rollups.save(hourSums, 0, METADATA)
  await rollups.save(dayRollup(day, [hourSums]), 0, METADATA)
  const segments = new SegmentSums(['application'], sha256)
  for (const row of rows) segments.add(row)
  for (const { label, values } of segments.all(50)) {
    await rollups.save(hourSegments(label, hour, values, hourSums.rows_expire_at), 0, METADATA)
    await rollups.save(daySegments(label, day, values), 0, METADATA)
  }
  const tallies = new QueryTallies()
  for (const row of rows) if (row.kind === 'search') tallies.add(row)
  await rollups.saveRanking(day, queryRollups(day, tallies.all()), 0, METADATA)

  const dirtyHours = dynamoDirtyHours(client, 'table')
  await dirtyHours.mark([{ kind: 'hour', of: hour, atMs: at(0) }])
  await dirtyHours.markSeen({ kind: 'hour', of: hour, atMs: at(0), seenMs: null }, at(1))
  return items()
}

/** @param searches enough of them make blocks. */
function oneSession(searches: number) {
  const events = Array.from({ length: searches }, (_, n) => search(at(n), { eventId: `e${n}` }))
  const shown = results(at(searches), ['rex'], { eventId: 'r' })
  return toSessions([...events, shown, click(at(searches + 1), 'rex', { eventId: 'c' })], [], RULES)
}

function recordingClient() {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }))
  const mocked = mockClient(client)
  mocked.onAnyCommand().resolves({})
  return {
    client,
    items: () => mocked.commandCalls(Object as never).flatMap(({ args: [{ input }] }) => writtenBy(input)),
  }
}

interface Request {
  readonly Item?: StoredItem
  readonly TransactItems?: readonly { readonly Put?: { readonly Item: StoredItem } }[]
  readonly RequestItems?: Readonly<Record<string, readonly { readonly PutRequest?: { readonly Item: StoredItem } }[]>>
}

function writtenBy(input: unknown): StoredItem[] {
  const { Item: item, TransactItems: transacted = [], RequestItems: batches = {} } = input as Request
  const single = item === undefined ? [] : [item]
  const inTransaction = transacted.flatMap(({ Put: put }) => (put === undefined ? [] : [put.Item]))
  const inBatches = Object.values(batches)
    .flat()
    .flatMap(({ PutRequest: put }) => (put === undefined ? [] : [put.Item]))
  return [...single, ...inTransaction, ...inBatches]
}
