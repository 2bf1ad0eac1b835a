// Pins the names under which items are stored, since a changed name makes stored items unreadable.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, PutCommand, QueryCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'
import { dynamoDirtyHours } from '../../functions/aws/results-table/dirty-hours.ts'
import { resultItem } from '../../functions/aws/results-table/result-items.ts'
import { dynamoRollupStore } from '../../functions/aws/results-table/rollup-store.ts'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import type { Item } from '../../functions/aws/runtime/table-items.ts'
import { blockItem, closedItem, stateItem, tombstoneItem } from '../../functions/aws/sessions-table/session-items.ts'
import { dynamoTimerStore } from '../../functions/aws/sessions-table/timer-store.ts'
import { dynamoEmptyShards, dynamoShardProgress } from '../../functions/aws/stream/shard-progress.ts'
import { nonEmpty } from '../../functions/domain/non-empty.ts'
import { dayRollup, hourRollup, sumRows } from '../../functions/domain/results/rollup.ts'
import { SegmentSums } from '../../functions/domain/results/segment-sums.ts'
import { daySegments, hourSegments } from '../../functions/domain/results/segments.ts'
import { QueryTallies, queryRollups } from '../../functions/domain/results/top-queries.ts'
import { at, search } from '../support/events.ts'
import { rowsOf } from './results-table/result-store-contract.ts'
import { closedOf, EXPIRES_MS, session, stateOf } from './sessions-table/session-samples.ts'

const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }))
const mocked = mockClient(client)

beforeEach(() => {
  mocked.reset()
  mocked.onAnyCommand().resolves({})
})

/** The items that the stores have put, in order. */
function put(): Item[] {
  return mocked.commandCalls(PutCommand).map((call) => call.args[0].input.Item as Item)
}

function namesOf(item: Item): string[] {
  return Object.keys(item).filter((name) => item[name] !== undefined)
}

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}

describe('the sessions table', () => {
  const events = nonEmpty([search(at(0), { eventId: 'e1' })])
  const block = { name: '7#digest', events }

  it('names the attributes of a state', () => {
    const open = [session(events)]
    const split = { sessions: [{ session: session(events), blocks: 1, rest: events }], blocks: [block] }
    const forgotten = { atMs: at(0), untilMs: at(1), pendingTombstones: ['id'] }
    const state = stateOf(7, { open, forgotten, lastAffectingTimeMs: at(0) })
    const item = stateItem('ann', state, EXPIRES_MS, split)
    expect(item).toMatchObject({ pk: 'user#ann', sk: 'open', schema: 1 })
    expect(namesOf(item)).toEqual([
      ...['pk', 'sk', 'schema', 'version', 'skew', 'last_affecting_time', 'sessions', 'blocks'],
      ...['forgotten_at', 'forgotten_until', 'pending_tombstones'],
    ])
    const idle = stateItem('ann', { ...state, open: [], forgotten: null }, EXPIRES_MS)
    expect(namesOf(idle)).toEqual(['pk', 'sk', 'schema', 'version', 'skew', 'last_affecting_time', 'expires_at'])
  })

  it('names the attributes of a block', () => {
    const item = blockItem('ann', block, EXPIRES_MS)
    expect(item).toMatchObject({ pk: 'user#ann', sk: 'block#7#digest', kind: 'block', schema: 1 })
    expect(namesOf(item)).toEqual(['pk', 'sk', 'kind', 'schema', 'events', 'expires_at'])
  })

  it('names the attributes of a closed session', () => {
    const item = closedItem(closedOf(session(events), 7), EXPIRES_MS)
    const sk = 'closed#20260302T000000000Z-e1'
    expect(item).toMatchObject({ pk: 'user#ann', sk, kind: 'closed', schema: 1, version: 7, reason: 'gap' })
    expect(namesOf(item)).toEqual(['pk', 'sk', 'kind', 'schema', 'version', 'reason', 'sessions', 'expires_at'])
  })

  it('names the attributes of a tombstone', () => {
    const item = tombstoneItem('ann', 'id', 7, EXPIRES_MS)
    expect(item).toMatchObject({ pk: 'user#ann', sk: 'closed#id', kind: 'tombstone', schema: 1, version: 7 })
    expect(namesOf(item)).toEqual(['pk', 'sk', 'kind', 'schema', 'version', 'expires_at'])
  })

  it('names the attributes of a page of timers', async () => {
    await dynamoTimerStore(client, 'sessions').put([{ user: 'ann', atMs: 7 }])
    const [item = {}] = put()
    expect(item.pk).toMatch(/^timer_pages#[0-3]$/)
    expect(item.sk).toMatch(/^0000000000000007#[0-9a-f]{16}#([0-9]|1[0-5])$/)
    expect(item).toMatchObject({ kind: 'timers', schema: 1, start: 7 })
    expect(namesOf(item)).toEqual(['pk', 'sk', 'kind', 'schema', 'start', 'timers'])
  })

  it('names the attributes of the progress of a shard', async () => {
    await dynamoShardProgress(client, 'sessions').record('shardId-0', '42', 7)
    const sequence = '42'.padStart(128, '0')
    const item = { pk: 'shard#shardId-0', sk: 'progress', schema: 1, sequence, arrival: 7 }
    expect(put()).toEqual([item])
    const progress = { sequenceNumber: '42', arrivalMs: 7, emptyUntilMs: null }
    await dynamoEmptyShards(client, 'sessions').recordEmpty('shardId-0', progress, 9)
    expect(put().at(-1)).toEqual({ ...item, empty_until: 9 })
  })
})

describe('the results table', () => {
  const rows = rowsOf(7)
  const metadata = { computedAtMs: at(0), expiresAtMs: EXPIRES_MS }
  const stored = { computed_at: '2026-03-02T00:00:00.000Z', expires_at: EXPIRES_MS / 1000 }

  it('names the attributes of a search row', () => {
    expect(namesOf(resultItem(rows[0] as (typeof rows)[number], EXPIRES_MS))).toEqual(
      words(`
        pk sk kind schema user session_id search_id event_id time day hour query
        query_truncated clicked clicks distinct_items_clicked clicks_by_search_id
        clicks_by_item clicks_by_order result_count zero_results clicked_positions
        first_click_position time_to_first_click_ms satisfaction satisfied_clicks
        unknown_dwell_clicks reformulated version labels hour_slice slice_key expires_at
      `),
    )
  })

  it('names the attributes of a session row', () => {
    expect(namesOf(resultItem(rows.at(-1) as (typeof rows)[number], EXPIRES_MS))).toEqual(
      words(`
        pk sk kind schema user session_id start end duration_ms day hour events searches
        searches_with_click clicks orphan_clicks orphan_clicks_search_elsewhere
        orphan_clicks_no_search zero_result_searches searches_with_result_count
        clicks_by_search_id clicks_by_item clicks_by_order ctr clicks_per_search
        satisfied_searches unknown_satisfaction_searches unsatisfied_searches
        reformulated_searches searches_to_success time_to_success_ms close_reason continues_session_id version hour_slice slice_key expires_at
      `),
    )
  })

  it('names the attributes of a dirty hour', async () => {
    const dirtyHours = dynamoDirtyHours(client, 'results')
    await dirtyHours.mark([{ kind: 'hour', of: '2026-03-02T09', atMs: 7 }])
    await dirtyHours.markSeen({ kind: 'queries', of: '2026-03-02', atMs: 7, seenMs: null }, 9)
    expect(put()).toEqual([
      { pk: 'dirty_hours', sk: 'hour#2026-03-02T09', marked_at: 7 },
      { pk: 'dirty_hours', sk: 'queries#2026-03-02', marked_at: 7, seen_at: 9 },
    ])
  })

  it('names the attributes of an hour and a day', async () => {
    const rollups = dynamoRollupStore(client, 'results')
    const hour = hourRollup('2026-03-02T00', sumRows(rows))
    await rollups.save(hour, 0, metadata)
    await rollups.save(dayRollup('2026-03-02', [hour]), 2, metadata)
    const [hourItem = {}, dayItem = {}] = put()
    expect(hourItem).toMatchObject({ revision: 1, ...stored })
    expect(dayItem).toMatchObject({ revision: 3, ...stored })
    expect([hourItem, dayItem].map(({ pk, sk }) => `${pk} ${sk}`)).toEqual([
      'rollup#hour 2026-03-02T00',
      'rollup#day 2026-03-02',
    ])
    expect(namesOf(hourItem)).toEqual(
      words(`
        pk sk kind schema day hour rows_expire_at searches searches_with_click
        zero_result_searches searches_with_result_count abandoned_searches clicks clicks_with_position
        clicked_position_sum clicks_at_1 clicks_at_2 clicks_at_3 clicks_at_4 clicks_at_5
        clicks_at_6 clicks_at_7 clicks_at_8 clicks_at_9 clicks_at_10 clicks_at_11_to_20
        clicks_further_down shown_at_1 shown_at_2 shown_at_3 shown_at_4 shown_at_5
        shown_at_6 shown_at_7 shown_at_8 shown_at_9 shown_at_10 first_click_ms_sum
        first_clicks_to_1s first_clicks_to_2s first_clicks_to_5s first_clicks_to_10s
        first_clicks_to_30s first_clicks_to_1m first_clicks_to_5m first_clicks_later
        satisfied_searches unknown_satisfaction_searches reformulated_searches
        clicked_at_1 clicked_at_2 clicked_at_3 clicked_at_4 clicked_at_5 clicked_at_6
        clicked_at_7 clicked_at_8 clicked_at_9 clicked_at_10 unsatisfied_searches
        sessions
        sessions_with_click orphan_clicks orphan_clicks_search_elsewhere
        orphan_clicks_no_search session_duration_ms_sum sessions_to_10s
        sessions_to_1m sessions_to_5m sessions_to_15m sessions_to_30m sessions_longer
        sessions_with_success searches_to_success_sum time_to_success_ms_sum
        ctr clicks_per_search zero_result_rate abandonment_rate average_clicked_position
        average_time_to_first_click_ms satisfied_rate reformulation_rate session_ctr
        average_session_duration_ms average_searches_to_success
        average_time_to_success_ms revision
        computed_at expires_at
      `),
    )
    expect(namesOf(dayItem).filter((name) => hourItem[name] === undefined)).toEqual([])
  })

  it('names the attributes of the sums by a label', async () => {
    const rollups = dynamoRollupStore(client, 'results')
    const sums = new SegmentSums(['application'], sha256)
    for (const row of rows) sums.add(row)
    const values = sums.all(50)[0]?.values ?? []
    await rollups.save(hourSegments('application', '2026-03-02T00', values, null), 0, metadata)
    await rollups.save(daySegments('application', '2026-03-02', values), 2, metadata)
    const [hourItem = {}, dayItem = {}] = put()
    expect([hourItem, dayItem].map(({ pk, sk, kind }) => `${pk} ${sk} ${kind}`)).toEqual([
      'rollup#hour#application 2026-03-02T00 hour-segments',
      'rollup#day#application 2026-03-02 day-segments',
    ])
    expect(namesOf(hourItem)).toEqual(
      words('pk sk kind schema label day hour rows_expire_at values buckets revision computed_at expires_at'),
    )
    expect(namesOf(dayItem).filter((name) => hourItem[name] === undefined)).toEqual([])
    const [value] = hourItem.values as Item[]
    expect(value).toMatchObject({ value: expect.any(String), searches: expect.any(Number), ctr: expect.any(Number) })
  })

  it('lists the labels of an hour and a day in `segments`', async () => {
    const labels = ['application', 'variant']
    const hour = hourRollup('2026-03-02T00', sumRows(rows), null, labels)
    expect([hour, dayRollup('2026-03-02', [hour], labels)].map(({ segments }) => segments)).toEqual([
      'application,variant',
      'application,variant',
    ])
  })

  it('names the attributes of a ranking and its entries', async () => {
    const tallies = new QueryTallies()
    for (const row of rows) if (row.kind === 'search') tallies.add(row)
    mocked.on(QueryCommand).resolves({ Items: [] })
    await dynamoRollupStore(client, 'results').saveRanking(
      '2026-03-02',
      queryRollups('2026-03-02', tallies.all()),
      0,
      metadata,
    )
    const [claimed = {}, published = {}] = put()
    expect(claimed).toMatchObject({ kind: 'ranking', day: '2026-03-02', revision: 1 })
    expect(published).toMatchObject({ kind: 'ranking', day: '2026-03-02', revision: 2, ...stored })
    expect(`${claimed.pk} ${claimed.sk}`).toBe('rollup#queries#2026-03-02 ranking')
    expect(namesOf(claimed)).toEqual(['pk', 'sk', 'kind', 'day', 'revision', 'expires_at'])
    expect(namesOf(published)).toEqual(['pk', 'sk', 'kind', 'day', 'revision', 'computed_at', 'expires_at'])
    const [, entry] = mocked.commandCalls(TransactWriteCommand)[0]?.args[0].input.TransactItems ?? []
    expect(`${entry?.Put?.Item?.pk} ${entry?.Put?.Item?.sk}`).toBe('rollup#queries#2026-03-02 top#0001')
    expect(namesOf(entry?.Put?.Item ?? {})).toEqual(
      words(`
        pk sk kind schema day list rank query sessions searches searches_with_click
        zero_result_searches searches_with_result_count abandoned_searches clicks clicks_with_position
        clicked_position_sum clicks_at_1 clicks_at_2 clicks_at_3 clicks_at_4 clicks_at_5
        clicks_at_6 clicks_at_7 clicks_at_8 clicks_at_9 clicks_at_10 clicks_at_11_to_20
        clicks_further_down shown_at_1 shown_at_2 shown_at_3 shown_at_4 shown_at_5
        shown_at_6 shown_at_7 shown_at_8 shown_at_9 shown_at_10 first_click_ms_sum
        first_clicks_to_1s first_clicks_to_2s first_clicks_to_5s first_clicks_to_10s
        first_clicks_to_30s first_clicks_to_1m first_clicks_to_5m first_clicks_later
        satisfied_searches unknown_satisfaction_searches reformulated_searches ctr
        clicks_per_search zero_result_rate abandonment_rate average_clicked_position
        average_time_to_first_click_ms revision computed_at expires_at
      `),
    )
  })
})
