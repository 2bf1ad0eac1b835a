// Tests that stores report damaged items by an error that names no user and quotes nothing.

import { deflateRawSync } from 'node:zlib'
import { DynamoDBClient, QueryCommand as PlainQueryCommand } from '@aws-sdk/client-dynamodb'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { BatchGetCommand, DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { marshall } from '@aws-sdk/util-dynamodb'
import type { AttributeValue, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda'
import { mockClient } from 'aws-sdk-client-mock'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { toRedriveInvocations } from '../../functions/aws/dead-letters/dead-letter-objects.ts'
import { withoutUser } from '../../functions/aws/dead-letters/dead-letters-without-user.ts'
import { s3UnreadChanges } from '../../functions/aws/dead-letters/unread-changes.ts'
import { dynamoDirtyHours } from '../../functions/aws/results-table/dirty-hours.ts'
import { resultItem } from '../../functions/aws/results-table/result-items.ts'
import { dynamoRollupStore } from '../../functions/aws/results-table/rollup-store.ts'
import type { Item } from '../../functions/aws/runtime/table-items.ts'
import { toChanges } from '../../functions/aws/sessions-table/closed-changes.ts'
import { readableClosed } from '../../functions/aws/sessions-table/readable-closed.ts'
import { blockItem, closedItem, stateItem } from '../../functions/aws/sessions-table/session-items.ts'
import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { dynamoTimerStore, pageItem } from '../../functions/aws/sessions-table/timer-store.ts'
import { dynamoShardProgress, loadProgress } from '../../functions/aws/stream/shard-progress.ts'
import { nonEmpty } from '../../functions/domain/non-empty.ts'
import { hourRollup } from '../../functions/domain/results/rollup.ts'
import { UnreadableItemError } from '../../functions/ports.ts'
import { at, search } from '../support/events.ts'
import { rowsOf } from './results-table/result-store-contract.ts'
import { closedOf, EXPIRES_MS, session, stateOf } from './sessions-table/session-samples.ts'

const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }))
const mocked = mockClient(client)
/** The rollup reads rows through a plain client. */
const mockedReads = mockClient(DynamoDBClient)
afterAll(() => mockedReads.restore())
const SECRET = 'a-secret-user'
/** JSON that ends early: the parser's own message would quote it. */
const NO_JSON = deflateRawSync(`[1,[["${SECRET}"`)
const NO_DEFLATE = new Uint8Array([255, 255, 255])

const events = nonEmpty([search(at(0))])
const state = stateItem(SECRET, stateOf(3, { open: [session(events)] }), EXPIRES_MS)
const closed = closedItem(closedOf(session(events), 1, SECRET), EXPIRES_MS)
const page = pageItem({ id: '0000000000000000#r#0', startMs: 0, timers: [{ user: SECRET, atMs: 0 }] })

beforeEach(() => {
  mocked.reset()
  mockedReads.reset()
})

async function errorOf(read: () => Promise<unknown>): Promise<UnreadableItemError> {
  const error = await read().then(
    () => null,
    (cause: unknown) => cause,
  )
  expect(error).toBeInstanceOf(UnreadableItemError)
  return error as UnreadableItemError
}

async function allOf<T>(pages: AsyncIterable<readonly T[]>, found: T[] = []): Promise<T[]> {
  for await (const some of pages) found.push(...some)
  return found
}

describe('a damaged item of the sessions table', () => {
  const store = dynamoSessionStore(client, 'sessions')

  it.each<[string, Item]>([
    ['sessions that are no JSON', { ...state, sessions: NO_JSON }],
    ['sessions that do not inflate', { ...state, sessions: NO_DEFLATE }],
    ['sessions of another type', { ...state, sessions: 'text' }],
    ['no version', { ...state, version: undefined }],
    ['a version of another type', { ...state, version: '3' }],
    ['a skew of another type', { ...state, skew: 'text' }],
    ['a list of blocks that does not inflate', { ...state, blocks: NO_DEFLATE }],
    ['no schema', { ...state, schema: undefined }],
  ])('is reported for a state with %s', async (_, item) => {
    mocked.on(BatchGetCommand).resolves({ Responses: { sessions: [item] } })
    const { message } = await errorOf(() => store.loadUsers([SECRET]))
    expect(message).not.toContain(SECRET)
  })

  it('is left out when other users are loaded with it', async () => {
    const ben = stateItem('ben', stateOf(1), EXPIRES_MS)
    mocked.on(BatchGetCommand).resolves({ Responses: { sessions: [{ ...state, sessions: NO_JSON }, ben] } })
    expect([...(await store.loadUsers([SECRET, 'ben'])).keys()]).toEqual(['ben'])
    expect(mocked.commandCalls(BatchGetCommand)).toHaveLength(1)
  })

  it('is reported for a block', async () => {
    const block = { name: '1#digest', events }
    const split = { sessions: [{ session: session(events), blocks: 1, rest: events }], blocks: [block] }
    const stored = stateItem(SECRET, stateOf(1, { open: [session(events)] }), EXPIRES_MS, split)
    mocked
      .on(BatchGetCommand)
      .resolvesOnce({ Responses: { sessions: [stored] } })
      .resolves({ Responses: { sessions: [{ ...blockItem(SECRET, block, EXPIRES_MS), events: NO_JSON }] } })
    expect((await errorOf(() => store.loadUsers([SECRET]))).message).not.toContain(SECRET)
  })

  it('is reported when blocks of a state stay missing', async () => {
    const split = {
      sessions: [{ session: session(events), blocks: 1, rest: events }],
      blocks: [{ name: '1#digest', events }],
    }
    const stored = stateItem(SECRET, stateOf(1, { open: [session(events)] }), EXPIRES_MS, split)
    mocked.on(BatchGetCommand).callsFake(({ RequestItems }) => {
      const [key] = RequestItems.sessions.Keys
      return { Responses: { sessions: key.sk === 'open' ? [stored] : [] } }
    })
    await errorOf(() => store.loadUsers([SECRET]))
  })

  it('is reported for a closed session', async () => {
    mocked.on(QueryCommand).resolves({ Items: [{ ...closed, sessions: NO_JSON }] })
    const range = { fromMs: at(0), toMs: at(1) }
    expect((await errorOf(() => store.loadClosed(SECRET, range))).message).not.toContain(SECRET)
  })

  it.each<[string, Item]>([
    ['timers that are no JSON', { ...page, timers: NO_JSON }],
    ['no start', { ...page, start: undefined }],
    ['a timer without a time', { ...page, timers: deflateRawSync('[["ann"]]') }],
    ['no timer', { ...page, timers: deflateRawSync('[]') }],
  ])('is reported for a page with %s, after the readable pages', async (_, item) => {
    const good = pageItem({ id: '0000000000000001#r#0', startMs: 1, timers: [{ user: 'ben', atMs: 1 }] })
    mocked
      .on(QueryCommand)
      .resolvesOnce({ Items: [item], LastEvaluatedKey: { pk: 'timer_pages#0', sk: '0' } })
      .resolvesOnce({ Items: [], LastEvaluatedKey: { pk: 'timer_pages#0', sk: '1' } })
      .resolves({ Items: [good] })
    const [list] = dynamoTimerStore(client, 'sessions').lists({ fromMs: 0, toMs: 1 })
    const found: { readonly startMs: number }[] = []
    const { message } = await errorOf(() => allOf(list ?? (async function* () {})(), found))
    expect(found.map(({ startMs }) => startMs)).toEqual([1])
    expect(message).toContain('0000000000000000#r#0')
    expect(message).not.toContain(SECRET)
  })
})

describe('the damaged progress of a shard', () => {
  it.each<Item>([
    { sequence: 'x' },
    { sequence: '7', arrival: 'soon' },
    { sequence: '7', arrival: 1, empty_until: 'x' },
  ])('is reported by the name of the shard: %j', async (own) => {
    mocked.on(GetCommand).resolves({ Item: { pk: 'shard#shardId-3', sk: 'progress', schema: 1, ...own } })
    const { message } = await errorOf(() => loadProgress(client, 'sessions', 'shardId-3'))
    expect(message).toContain('the progress of shardId-3 cannot be read')
  })

  it('lets ingest go on, as if the horizon were past its records', async () => {
    mocked.on(GetCommand).resolves({ Item: { pk: 'shard#shardId-3', sk: 'progress', schema: 1 } })
    expect(await dynamoShardProgress(client, 'sessions').isPassed('shardId-3', '9')).toBe(true)
  })
})

describe('a reader that leaves out damaged sessions', () => {
  it('returns the session of a readable item', () => {
    expect(readableClosed(closed)).toMatchObject([{ user: SECRET }])
  })

  it('returns no session for a damaged item', () => {
    expect(readableClosed({ ...closed, sessions: NO_JSON })).toEqual([])
  })

  it('throws for an item that newer code wrote', () => {
    expect(() => readableClosed({ ...closed, schema: 999 })).toThrow('has schema 999')
  })
})

describe('a damaged item of the results table', () => {
  const store = dynamoRollupStore(client, 'results')
  const [row] = rowsOf(1)
  if (row === undefined) throw new Error('a session with a search has rows')
  const item = resultItem(row, EXPIRES_MS)
  const sum = {
    ...hourRollup('2026-03-02T09', {}),
    revision: 1,
    computed_at: '2026-03-02T10:00:00.000Z',
    expires_at: 1,
  }

  const DAMAGED_ROWS: readonly [string, Item][] = [
    ['an unknown kind', { kind: 'other' }],
    ['no clicks', { clicks: undefined }],
    ['clicks that are no number', { clicks: Number.NaN }],
    ['a count of another type', { reformulated: '0' }],
    ['a result count of another type', { result_count: 'many' }],
    ['a satisfaction that is none', { satisfaction: 'happy' }],
    ['no satisfaction, as a row of an earlier release', { satisfaction: undefined }],
    ['positions that are no numbers', { clicked_positions: '1,x' }],
    ['a time of another type', { time_to_first_click_ms: 'text' }],
    ['no expiry', { expires_at: undefined }],
  ]

  /** Lets the next query find a row that is damaged so, and a readable one. */
  function findDamagedRow(own: Item): void {
    const { clicks, ...others } = { ...item, ...own }
    const damaged = marshall(others, { removeUndefinedValues: true })
    if (clicks !== undefined) damaged.clicks = { N: String(clicks) }
    mockedReads.on(PlainQueryCommand).resolves({ Items: [damaged, marshall(item)] })
  }

  it.each(DAMAGED_ROWS)('is reported for a row with %s, after the readable rows', async (_, own) => {
    findDamagedRow(own)
    const found: unknown[] = []
    const readRows = async () => {
      for await (const { rows } of store.rowsOf('2026-03-02T00', 'a', null, false)) found.push(...rows)
    }
    const { message } = await errorOf(readRows)
    expect(found).toHaveLength(1)
    expect(message).not.toContain('ann')
  })

  it.each<[string, unknown]>([
    ['a text', 'shop'],
    ['a list', ['shop']],
    ['a number', { application: 7 }],
    ['nothing', { application: null }],
  ])('is reported for a row whose labels are %s, after the readable rows', async (_, labels) => {
    const damaged = marshall({ ...item, labels }, { removeUndefinedValues: true })
    mockedReads.on(PlainQueryCommand).resolves({ Items: [damaged, marshall(item)] })
    const found: unknown[] = []
    const readRows = async () => {
      for await (const { rows } of store.rowsOf('2026-03-02T00', 'a', null, true)) found.push(...rows)
    }
    expect((await errorOf(readRows)).message).not.toContain('shop')
    expect(found).toHaveLength(1)
  })

  it.each([...DAMAGED_ROWS, ['no query', { query: undefined }] as const])(
    'is reported for a search with %s, after the readable ones',
    async (_, own) => {
      findDamagedRow(own)
      const found: unknown[] = []
      const { message } = await errorOf(() => allOf(store.searchesOf('2026-03-02T00', 'a', null), found))
      expect(found).toHaveLength(1)
      expect(message).not.toContain('ann')
    },
  )

  it.each<[string, Item]>([
    ['no revision', { revision: undefined }],
    ['a count of another type', { searches: 'text' }],
    ['a time that is none', { rows_expire_at: 'soon' }],
  ])('is reported for a sum with %s', async (_, own) => {
    mocked.on(GetCommand).resolves({ Item: { ...sum, ...own } })
    await errorOf(() => store.load({ pk: sum.pk, sk: sum.sk }))
  })

  it('is reported for an hour of a day', async () => {
    mocked.on(QueryCommand).resolves({ Items: [sum, { ...sum, searches: 'text' }] })
    await errorOf(() => store.hoursOf('2026-03-02'))
  })

  it('takes a count that an earlier release did not store for 0', async () => {
    const { clicks_at_10: _, ...earlier } = sum
    mocked.on(GetCommand).resolves({ Item: earlier })
    expect(await store.load({ pk: sum.pk, sk: sum.sk })).toMatchObject({ revision: 1 })
  })

  it('is reported for a ranking without a revision', async () => {
    mocked.on(GetCommand).resolves({ Item: { pk: 'rollup#queries#2026-03-02', sk: 'ranking' } })
    await errorOf(() => store.ranking('2026-03-02'))
  })

  it.each(['hour#soon', 'queries#2026-03-02T09', 'year#2026', 'hour'])(
    'is reported for the dirty period %s',
    async (sk) => {
      const good = { pk: 'dirty_hours', sk: 'hour#2026-03-02T09', marked_at: 1 }
      mocked.on(QueryCommand).resolves({ Items: [{ ...good, sk }, good, { ...good, marked_at: 'text' }] })
      const found: unknown[] = []
      await errorOf(() => allOf(dynamoDirtyHours(client, 'results').pages('hour'), found))
      expect(found).toEqual([{ kind: 'hour', of: '2026-03-02T09', atMs: 1, seenMs: null }])
    },
  )
})

describe('a damaged change', () => {
  const s3 = new S3Client({ region: 'us-east-1' })
  const mockedS3 = mockClient(s3)

  /** Lambda writes binary attributes as base64. */
  function imageOf(item: Item): Record<string, AttributeValue> {
    const values = Object.entries(marshall(item)).map(([name, value]) => {
      return [name, value.B === undefined ? value : { B: Buffer.from(value.B).toString('base64') }]
    })
    return Object.fromEntries(values)
  }

  function recordOf(item: Item, SequenceNumber: string): DynamoDBRecord {
    const { pk, sk } = item
    const Keys = marshall({ pk, sk }) as Record<string, AttributeValue>
    return { dynamodb: { Keys, SequenceNumber, NewImage: imageOf(item), ApproximateCreationDateTime: at(0) / 1000 } }
  }

  const damaged = recordOf({ ...closed, sessions: NO_JSON }, '7')

  it('stands in its place among the changes of the batch', () => {
    const changes = toChanges({ Records: [recordOf(closed, '6'), damaged, recordOf(closed, '8')] })
    expect(changes.map(({ sequenceNumber }) => sequenceNumber)).toEqual(['6', '7', '8'])
    expect(changes.map((change) => 'cause' in change)).toEqual([false, true, false])
    expect(changes[1]).toMatchObject({ cause: { name: 'UnreadableItemError' }, record: damaged })
    expect(JSON.stringify((changes[1] as { cause: Error }).cause.message)).not.toContain(SECRET)
  })

  it('is stored as a dead letter that finalize can get again and that an erasure finds', async () => {
    mockedS3.on(PutObjectCommand).resolves({})
    const [change] = toChanges({ Records: [damaged] } satisfies DynamoDBStreamEvent)
    if (change === undefined || !('cause' in change)) throw new Error('the change is damaged')
    await s3UnreadChanges(s3, 'dead-letters').put(change)
    const { Key: key = '', Body: body } = mockedS3.commandCalls(PutObjectCommand)[0]?.args[0].input ?? {}
    expect(key).toBe('aws/lambda/unreadable/7.json')
    expect(toRedriveInvocations(key, String(body))).toEqual([{ step: 'finalize', event: { Records: [damaged] } }])
    const erasure = { user: SECRET, storedAs: SECRET, atMs: at(1) }
    expect(withoutUser(key, String(body), erasure)).toEqual({ text: null, removed: 1, unreadable: 0 })
  })
})
