// Items of other versions of this code: those of shape 1 from a file, and some of the future, in; the steps as ever out.

import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type AttributeValue, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { BatchGetCommand, DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import type { AttributeValue as Image } from 'aws-lambda'
import { mockClient } from 'aws-sdk-client-mock'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { resultsSpec, sessionsSpec } from '../../../bench/bench-tables.ts'
import { dynamoDirtyHours } from '../../../functions/aws/results-table/dirty-hours.ts'
import { dynamoResultStore } from '../../../functions/aws/results-table/result-store.ts'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import { BLOCKS_SCHEMA } from '../../../functions/aws/runtime/item-schema.ts'
import { toChanges } from '../../../functions/aws/sessions-table/closed-changes.ts'
import { type Item, readClosed, readState } from '../../../functions/aws/sessions-table/session-items.ts'
import { dynamoSessionStore } from '../../../functions/aws/sessions-table/session-store.ts'
import { unpackRecord } from '../../../functions/aws/stream/record-events.ts'
import { dynamoShardProgress, loadProgress } from '../../../functions/aws/stream/shard-progress.ts'
import { DAY_MS, MINUTE_MS } from '../../../functions/domain/durations.ts'
import { firstEvent } from '../../../functions/domain/sessions/session.ts'
import { finalize } from '../../../functions/finalize/finalize.ts'
import { type IngestReport, ingest } from '../../../functions/ingest/ingest.ts'
import { memoryDeadLetters, memoryTimerStore } from '../../../functions/memory/memory-stores.ts'
import type { SessionStore, TimerStore } from '../../../functions/ports.ts'
import { sweep } from '../../../functions/sweep/sweep.ts'
import { loadUser } from '../../../functions/user-writes.ts'
import { type Clients, localClients } from '../../../local/emulators/clients.ts'
import { type Endpoints, startEndpoints } from '../../../local/emulators/endpoints.ts'
import { at, RULES, record, type Sent } from '../../support/events.ts'
import { makeTables } from '../../support/tables.ts'

type Images = readonly Readonly<Record<string, Image>>[]

/** As a scan gave them, with binaries as base64: the shape in which the table's stream comes to Lambda too. */
const SHAPE_1 = JSON.parse(
  readFileSync(new URL('../../fixtures/items-of-shape-1.json', import.meta.url), 'utf8'),
) as Readonly<Record<'sessions' | 'results', Images>>

const SHARD = 'shardId-000000000000'

let endpoints: Endpoints
let clients: Clients
let names: Readonly<Record<'sessions' | 'results', string>>
let sessions: SessionStore
let timers: TimerStore

beforeAll(async () => {
  endpoints = await startEndpoints(null, null, process.env)
  clients = localClients(endpoints)
})

afterAll(async () => {
  clients?.close()
  await endpoints?.stop()
})

beforeEach(async () => {
  names = { sessions: `sessions-${randomUUID()}`, results: `results-${randomUUID()}` }
  await makeTables([sessionsSpec(names.sessions), resultsSpec(names.results)], clients)
  sessions = dynamoSessionStore(clients.dynamodb, names.sessions)
  timers = memoryTimerStore()
  for (const table of ['sessions', 'results'] as const) {
    for (const image of SHAPE_1[table]) {
      await clients.dynamodb.send(new PutItemCommand({ TableName: names[table], Item: toValues(image) }))
    }
  }
})

function toValues(image: Images[number]): Record<string, AttributeValue> {
  return Object.fromEntries(
    Object.entries(image).map(([name, value]) => [
      name,
      (value.B === undefined ? value : { B: Buffer.from(value.B, 'base64') }) as AttributeValue,
    ]),
  )
}

async function imagesOf(table: 'sessions' | 'results'): Promise<Images> {
  const { Items: items } = await clients.dynamodb.send(new ScanCommand({ TableName: names[table] }))
  return (items ?? []).map((item) => {
    const values = Object.entries(item).map(([name, value]) => [
      name,
      value.B === undefined ? value : { B: Buffer.from(value.B).toString('base64') },
    ])
    return Object.fromEntries(values) as Images[number]
  })
}

function imageOf(images: Images, pk: string, sk: string): Images[number] {
  const found = images.find((image) => image.pk?.S === pk && image.sk?.S?.startsWith(sk))
  if (found === undefined) throw new Error(`no item ${pk} ${sk}`)
  return found
}

function itemOf(image: Images[number]): Item {
  return unmarshall(toValues(image))
}

function ingestOne(sent: Sent, arrivalMs: number): Promise<IngestReport> {
  const ports = {
    sessions,
    deadLetters: memoryDeadLetters(),
    timers,
    progress: dynamoShardProgress(clients.dynamodb, names.sessions),
    digest: sha256,
    pseudonym: (user: string) => user,
    unpack: unpackRecord,
  }
  return ingest([{ ...record(sent, arrivalMs), sequenceNumber: `9${'0'.repeat(55)}` }], ports, RULES, arrivalMs)
}

function sweepAt(nowMs: number) {
  const horizon = { readUpTo: async () => nowMs }
  const settings = { rules: RULES, sweepEveryMs: MINUTE_MS }
  return sweep({ drain: false }, { sessions, timers, horizon, hasTime: () => true }, settings, nowMs)
}

/** As the table's stream tells the finalizer that one image became another. */
async function finalizeChange(before: Images[number], after: Images[number]): Promise<void> {
  const dynamodb = { SequenceNumber: '1', OldImage: before, NewImage: after }
  const results = dynamoResultStore(clients.dynamodb, names.results)
  const dirtyHours = dynamoDirtyHours(clients.dynamodb, names.results)
  const ports = { sessions, results, dirtyHours, digest: sha256, hasTime: () => true }
  const report = await finalize(
    toChanges({ Records: [{ dynamodb }] }),
    ports,
    { resultRetentionMs: 400 * DAY_MS },
    at(30_000),
  )
  expect(report).toMatchObject({ changes: 1, failed: null })
}

describe('items of shape 1', () => {
  it('are read as what they were', async () => {
    expect(await loadUser('ann', sessions)).toMatchObject({ version: 6, skewMs: 0, open: [] })
    const ben = await loadUser('ben', sessions)
    expect(ben).toMatchObject({ version: 11, lastAffectingTimeMs: at(20 + 1800) })
    expect(ben.open.map((session) => session.events.length)).toEqual([5])
    const joined = await sessions.loadClosed('cleo', { fromMs: at(0), toMs: at(5000) })
    expect(joined?.map((session) => session.events.length)).toEqual([11])
    expect(await sessions.closedVersion('cleo', '20260302T005000000Z-cleo-11')).toBe(12)
  })

  it('say how far a shard is read, and are moved on', async () => {
    const load = () => loadProgress(clients.dynamodb, names.sessions, SHARD)
    expect(await load()).toMatchObject({ arrivalMs: at(12_020) })
    await ingestOne({ type: 'AppOpen', user: 'dora', time: at(13_000) }, at(13_000))
    expect(await load()).toEqual({ sequenceNumber: `9${'0'.repeat(55)}`, arrivalMs: at(13_000) })
  })

  it('are closed when somebody looks and they are due', async () => {
    await timers.put([{ user: 'ben', atMs: at(20_000) }])
    expect(await sweepAt(at(20_000))).toMatchObject({ users: 1, closed: 1, failed: null })
    expect((await loadUser('ben', sessions)).open).toEqual([])
    const closed = await sessions.loadClosed('ben', { fromMs: at(12_000), toMs: at(12_000) })
    expect(closed?.map((session) => firstEvent(session).timeMs)).toContain(at(12_000))
  })

  it('are amended by a late event, and their rows replaced', async () => {
    const late = { type: 'ClickResult', user: 'ann', time: at(25), item: 'horn', eventId: 'late' }
    expect(await ingestOne(late, at(20_000))).toMatchObject({ accepted: 1, amended: 1, failed: null })
    expect(await sweepAt(at(25_000))).toMatchObject({ closed: 1, failed: null })
    const before = imageOf(SHAPE_1.sessions, 'user#ann', 'closed#')
    const after = imageOf(await imagesOf('sessions'), 'user#ann', 'closed#')
    expect(after.sk).toEqual(before.sk)
    await finalizeChange(before, after)
    const rows = (await imagesOf('results')).filter((image) => image.pk?.S === 'user#ann').map((image) => itemOf(image))
    expect(rows).toMatchObject([
      { kind: 'search', schema: 1, query: 'dogs "and" 猫', clicks: 1, clicked_positions: '2' },
      { kind: 'search', schema: 1, query: 'unicorns', clicks: 1, clicks_by_order: 1 },
      { kind: 'session', schema: 1, events: 6, searches: 2, searches_with_click: 2, ctr: 1 },
    ])
  })

  it('whose session another absorbs lose their rows', async () => {
    const before = imageOf(SHAPE_1.sessions, 'user#ann', 'closed#')
    const mark = { ...imageOf(SHAPE_1.sessions, 'user#cleo', 'closed#20260302T005'), pk: before.pk, sk: before.sk }
    await finalizeChange(before, mark as Images[number])
    expect((await imagesOf('results')).filter((image) => image.pk?.S === 'user#ann')).toEqual([])
  })
})

describe('items of today', () => {
  it('have what those of shape 1 have and a schema, so that code that does not know of it reads them', async () => {
    await ingestOne({ type: 'AppOpen', user: 'ben', time: at(12_100) }, at(12_100))
    const late = { type: 'AppOpen', user: 'cleo', time: at(3100), eventId: 'late' }
    await ingestOne(late, at(20_000))
    await sweepAt(at(13_000))
    const now = await imagesOf('sessions')
    for (const [pk, sk] of [
      [`shard#${SHARD}`, 'progress'],
      ['user#ben', 'open'],
    ] as const) {
      const { schema, ...known } = imageOf(now, pk, sk)
      expect(schema).toEqual({ N: '2' })
      // There was an index of when users are due, which timers replaced.
      const { due_at, due_shard, ...before } = imageOf(SHAPE_1.sessions, pk, sk)
      expect(typesOf(known)).toEqual(typesOf(before))
    }
    await timers.put([{ user: 'ben', atMs: at(30_000) }])
    await sweepAt(at(30_000))
    for (const [pk, sk] of [
      ['user#ben', 'open'],
      ['user#cleo', 'open'],
      ['user#cleo', 'closed#20260302T000'],
    ] as const) {
      const { schema, ...known } = imageOf(await imagesOf('sessions'), pk, sk)
      expect(schema).toEqual({ N: '2' })
      const sameKind = imageOf(SHAPE_1.sessions, sk === 'open' ? 'user#ann' : pk, sk)
      expect(typesOf(known)).toEqual(typesOf(sameKind))
      expect(readAny({ ...itemOf(known as Images[number]) })).toEqual(
        readAny({ ...itemOf(known as Images[number]), schema: 2 }),
      )
    }
  })

  it('of a mark too', async () => {
    await sessions.putTombstone('ann', 'gone', 9, at(0))
    const { schema, ...known } = imageOf(await imagesOf('sessions'), 'user#ann', 'closed#gone')
    expect(schema).toEqual({ N: '2' })
    expect(typesOf(known)).toEqual(typesOf(imageOf(SHAPE_1.sessions, 'user#cleo', 'closed#20260302T005')))
  })
})

function typesOf(image: Readonly<Record<string, Image>>): Record<string, string[]> {
  return Object.fromEntries(
    Object.keys(image)
      .sort()
      .map((name) => [name, Object.keys(image[name] ?? {})]),
  )
}

function readAny(item: Item): unknown {
  return item.sk === 'open' ? readState(item) : readClosed(item)
}

describe('items of the future', () => {
  const scripted = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }))
  const mocked = mockClient(scripted)
  const store = dynamoSessionStore(scripted, 'sessions')
  const future = BLOCKS_SCHEMA + 1
  const range = { fromMs: at(0), toMs: at(1) }
  const closed = { ...itemOf(imageOf(SHAPE_1.sessions, 'user#ann', 'closed#')), schema: future }
  const mark = { ...itemOf(imageOf(SHAPE_1.sessions, 'user#cleo', 'closed#20260302T005')), schema: future }

  it.each<[string, Item, () => Promise<unknown>]>([
    ['a state', { pk: 'user#ann', sk: 'open', version: 1 }, () => store.loadUsers(['ann'])],
    ['a closed session', closed, () => store.loadClosed('ann', range)],
    ['the mark of one', mark, () => store.loadClosed('cleo', range)],
    ['the version of a closed session', closed, () => store.closedVersion('ann', 'any')],
    ['the progress of a shard', { pk: 'shard#0', sk: 'progress' }, () => loadProgress(scripted, 'sessions', '0')],
  ])('are not read as what they may not be: %s', async (_, item, read) => {
    mocked.reset()
    const found = { ...item, schema: future }
    mocked.on(BatchGetCommand).resolves({ Responses: { sessions: [found] } })
    mocked.on(QueryCommand).resolves({ Items: [found] })
    mocked.on(GetCommand).resolves({ Item: found })
    await expect(read()).rejects.toThrow(`has schema ${future}, and this code reads up to ${BLOCKS_SCHEMA}`)
  })

  it.each(['NewImage', 'OldImage'])('are not finalized, be they the %s', (which) => {
    const image = imageOf(SHAPE_1.sessions, 'user#ann', 'closed#')
    const images = { NewImage: image, OldImage: image, [which]: { ...image, schema: { N: `${future}` } } }
    const batch = { Records: [{ dynamodb: { SequenceNumber: '1', ...images } }] }
    expect(() => toChanges(batch)).toThrow(`has schema ${future}`)
  })

  it.each(['2', Number.NaN])('or of a schema that is none are not read: %j', async (schema) => {
    mocked.reset()
    mocked
      .on(BatchGetCommand)
      .resolves({ Responses: { sessions: [{ pk: 'user#ann', sk: 'open', version: 1, schema }] } })
    await expect(store.loadUsers(['ann'])).rejects.toThrow(`has schema ${schema}`)
  })
})
