// Tests the session stores in memory and on DynamoDB by their contract, and answers that no
// emulator gives.

import { randomUUID } from 'node:crypto'
import { DynamoDBClient, ProvisionedThroughputExceededException, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { BatchGetCommand, DynamoDBDocumentClient, GetCommand, paginateScan, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sessionsSpec } from '../../../bench/bench-tables.ts'
import { writingClient } from '../../../functions/aws/runtime/document-client.ts'
import { closedItem, stateItem, tombstoneItem } from '../../../functions/aws/sessions-table/session-items.ts'
import { dynamoSessionStore } from '../../../functions/aws/sessions-table/session-store.ts'
import { EXPIRES_AT } from '../../../functions/contract.ts'
import { DAY_MS } from '../../../functions/domain/durations.ts'
import type { Event } from '../../../functions/domain/events/event.ts'
import type { Session } from '../../../functions/domain/sessions/session.ts'
import { NEW_USER } from '../../../functions/domain/sessions/user-state.ts'
import { memorySessionStore } from '../../../functions/memory/memory-stores.ts'
import { type SessionStore, VersionConflictError } from '../../../functions/ports.ts'
import { emulatedDynamo } from '../../support/emulated-dynamo.ts'
import { at, search } from '../../support/events.ts'
import { SEED } from '../../support/random-log.ts'
import { makeTables } from '../../support/tables.ts'
import { closedOf, EXPIRES_MS, session, sessionStoreContract, stateOf } from './session-store-contract.ts'

const emulated = emulatedDynamo()

sessionStoreContract('in memory', async () => memorySessionStore())

sessionStoreContract('on DynamoDB', async () => {
  const table = sessionsSpec(`sessions-${randomUUID()}`)
  await makeTables([table], emulated.clients)
  return dynamoSessionStore(emulated.client, table.name, writingClient(emulated.client))
})

describe('the client for frequent writes', () => {
  it('writes many users at once, and reports each conflict to its own caller', async () => {
    const table = sessionsSpec(`sessions-${randomUUID()}`)
    await makeTables([table], emulated.clients)
    const store = dynamoSessionStore(emulated.client, table.name, writingClient(emulated.client))
    const users = Array.from({ length: 60 }, (_, n) => `user-${n}`)
    const states = new Map(users.map((user, n) => [user, stateOf(1, { skewMs: n })]))
    const save = (user: string) => store.saveUser(user, states.get(user) ?? stateOf(1), 0, EXPIRES_MS)
    await Promise.all(users.map(save))
    expect(await store.loadUsers(users)).toEqual(states)
    // Every other user is saved over a version that is no longer stored.
    const behind = (user: string, n: number) => store.saveUser(user, stateOf(n % 2 === 0 ? 2 : 1), n % 2, EXPIRES_MS)
    const outcomes = await Promise.allSettled(users.map(behind))
    expect(outcomes.map((each) => (each.status === 'rejected' ? each.reason : null))).toEqual(
      users.map((_, n) => (n % 2 === 0 ? expect.any(VersionConflictError) : null)),
    )
  })
})

describe('a long session on DynamoDB', () => {
  let store: SessionStore
  let table: string

  beforeEach(async () => {
    table = `sessions-${randomUUID()}`
    await makeTables([sessionsSpec(table)], emulated.clients)
    store = dynamoSessionStore(emulated.client, table)
  })

  const eventsOf = (count: number, first = 0) =>
    Array.from({ length: count }, (_, n) => search(at(first + n), { eventId: `e${first + n}`, query: `dogs ${n}` }))
  const open = (version: number, ...events: Event[][]) =>
    stateOf(version, { open: events.map((each) => session(each)) })

  async function items(): Promise<Record<string, unknown>[]> {
    const found = []
    for await (const page of paginateScan({ client: emulated.clients.dynamodb }, { TableName: table })) {
      found.push(...(page.Items ?? []))
    }
    return found
  }

  async function blockKeys(): Promise<string[]> {
    return (await items()).flatMap(({ kind, sk }) => (kind === 'block' ? String(sk) : [])).sort()
  }

  it('is read as it was written, in whatever order its events arrived', async () => {
    const size = fc.integer({ min: 1, max: 400 })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(size, fc.boolean()), { minLength: 1, maxLength: 6 }), async (writes) => {
        const user = randomUUID()
        let state = stateOf(0)
        let first = 1000
        let last = 1000
        for (const [count, isBefore] of writes) {
          if (isBefore) first -= count
          else last += count
          const known = new Map(state.open.flatMap(({ events }) => events.map((event) => [event.eventId, event])))
          const events = eventsOf(last - first, first).map((event) => known.get(event.eventId) ?? event)
          const next = open(state.version + 1, events, events.slice(0, count))
          await store.saveUser(user, next, state.version, EXPIRES_MS)
          const another = dynamoSessionStore(emulated.client, table)
          expect((await another.loadUsers([user])).get(user)).toEqual(next)
          state = (await store.loadUsers([user])).get(user) ?? state
          expect(state).toEqual(next)
        }
      }),
      { seed: SEED, numRuns: 20 },
    )
  })

  it('leaves few events in the state, and writes only new blocks', async () => {
    await store.saveUser('ann', open(1, eventsOf(400)), 0, EXPIRES_MS)
    const before = await blockKeys()
    expect(before).toHaveLength(6)
    const loaded = (await store.loadUsers(['ann'])).get('ann') ?? NEW_USER
    const events = [...(loaded.open[0]?.events ?? []), ...eventsOf(9, 400)]
    await store.saveUser('ann', open(2, events), 1, EXPIRES_MS)
    const after = await blockKeys()
    expect(after).toHaveLength(7)
    expect(after).toEqual(expect.arrayContaining(before))
    const states = (await items()).filter(({ sk }) => sk === 'open')
    expect(states.map(({ schema }) => schema)).toEqual([1])
    expect(states.every(({ sessions }) => (sessions as Uint8Array).length < 1024)).toBe(true)
  })

  it('leaves blocks that no state names when its save fails on a conflict', async () => {
    await store.saveUser('ann', open(1, eventsOf(50)), 0, EXPIRES_MS)
    const lost = store.saveUser('ann', open(1, eventsOf(60)), 0, EXPIRES_MS)
    await expect(lost).rejects.toBeInstanceOf(VersionConflictError)
    expect((await store.loadUsers(['ann'])).get('ann')).toEqual(open(1, eventsOf(50)))
  })

  it('is stored in one item when it is closed', async () => {
    const closed = session(eventsOf(200))
    await store.putClosed(closedOf(closed, 1), EXPIRES_MS)
    expect(await store.loadClosed('ann', { fromMs: at(0), toMs: at(1) })).toEqual([closed])
    expect(await blockKeys()).toEqual([])
  })

  it('leaves blocks that expire later than any state that needs them', async () => {
    await store.saveUser('ann', open(1, eventsOf(50)), 0, at(0))
    const block = (await items()).find(({ kind }) => kind === 'block')
    expect(block?.[EXPIRES_AT]).toBe((at(0) + 8 * DAY_MS) / 1000)
  })

  it('loses its blocks up to a version, and retains those of later versions', async () => {
    await store.saveUser('ann', open(9, eventsOf(50)), 0, EXPIRES_MS)
    await store.saveUser('ben', open(9, eventsOf(50)), 0, EXPIRES_MS)
    await store.saveUser('ann', open(10), 9, EXPIRES_MS)
    await store.saveUser('ann', open(11, eventsOf(50, 100)), 10, EXPIRES_MS)
    await store.eraseBlocks('ann', 10)
    expect(await blockKeys()).toHaveLength(8)
    const states = await store.loadUsers(['ann', 'ben'])
    expect([states.get('ann'), states.get('ben')]).toEqual([open(11, eventsOf(50, 100)), open(9, eventsOf(50))])
  })

  it('is read again when its blocks are erased between two reads', async () => {
    await store.saveUser('ann', open(1, eventsOf(50)), 0, EXPIRES_MS)
    const forgetful = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }))
    const mocked = mockClient(forgetful)
    const [state] = (await items()).filter(({ sk }) => sk === 'open')
    const empty = stateItem('ann', open(2), EXPIRES_MS)
    mocked
      .on(BatchGetCommand)
      .resolvesOnce({ Responses: { [table]: [state ?? {}] } })
      .resolvesOnce({})
      .resolves({
        Responses: { [table]: [empty] },
      })
    expect((await dynamoSessionStore(forgetful, table).loadUsers(['ann'])).get('ann')).toEqual(open(2))
    mocked.reset()
    mocked.on(BatchGetCommand).callsFake(({ RequestItems: requests }) => {
      const isOfState = JSON.stringify(requests).includes('"open"')
      return { Responses: { [table]: isOfState ? [state] : [] } }
    })
    await expect(dynamoSessionStore(forgetful, table).loadUsers(['ann'])).rejects.toThrow(
      'blocks of a state are missing',
    )
    const both = await dynamoSessionStore(forgetful, table).loadUsers(['ann', 'ben'])
    expect([...both.keys()]).toEqual([])
  })
})

describe('a session store on a scripted DynamoDB', () => {
  const scripted = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }))
  const mocked = mockClient(scripted)
  const store = dynamoSessionStore(scripted, 'sessions')
  const keysOf = (users: readonly string[]) => users.map((user) => ({ pk: `user#${user}`, sk: 'open' }))
  const stateOfUser = (user: string) => stateItem(user, stateOf(3), EXPIRES_MS)
  const closedAt = (seconds: number) => session([search(at(seconds))])

  beforeEach(() => {
    mocked.reset()
    // Without a random share, the store does not wait before it asks again.
    vi.spyOn(Math, 'random').mockReturnValue(0)
  })

  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('asks again only for the keys that an answer leaves out', async () => {
    mocked
      .on(BatchGetCommand)
      .resolvesOnce({
        Responses: { sessions: [stateOfUser('ann')] },
        UnprocessedKeys: { sessions: { Keys: keysOf(['ben', 'cleo']) } },
      })
      .resolvesOnce({ UnprocessedKeys: { sessions: { Keys: keysOf(['ben', 'cleo']) } } })
      .resolvesOnce({ Responses: { sessions: [stateOfUser('cleo'), stateOfUser('ben')] }, UnprocessedKeys: {} })
    const states = await store.loadUsers(['ann', 'ben', 'cleo'])
    expect([...states.keys()].sort()).toEqual(['ann', 'ben', 'cleo'])
    const asked = mocked.commandCalls(BatchGetCommand).map((call) => call.args[0].input.RequestItems?.sessions)
    expect(asked.map((request) => request?.Keys?.length)).toEqual([3, 2, 2])
    expect(asked.every((request) => request?.ConsistentRead === true)).toBe(true)
  })

  it('gives up on keys that every answer leaves out', async () => {
    mocked.on(BatchGetCommand).callsFake((input) => ({ UnprocessedKeys: input.RequestItems }))
    await expect(store.loadUsers(['ann', 'ben'])).rejects.toThrow('DynamoDB left 2 keys out of 5 answers')
    expect(mocked.commandCalls(BatchGetCommand).length).toBeLessThanOrEqual(10)
  })

  it('asks for no more than a hundred keys at once', async () => {
    mocked.on(BatchGetCommand).resolves({})
    await store.loadUsers(Array.from({ length: 201 }, (_, n) => `user ${n}`))
    const sizes = mocked.commandCalls(BatchGetCommand).map((call) => call.args[0].input.RequestItems?.sessions?.Keys)
    expect(sizes.map((keys) => keys?.length)).toEqual([100, 100, 1])
  })

  it('reads closed sessions consistently, in growing pages, and no more pages than it needs', async () => {
    const [earlier, within, later] = [closedAt(0), closedAt(3600), closedAt(7200)]
    const item = (session: Session) => closedItem(closedOf(session, 1), EXPIRES_MS)
    const tombstone = tombstoneItem('ann', 'gone', 1, EXPIRES_MS)
    const back = [
      [tombstone, tombstone],
      [tombstone],
      [item(within)],
      [item(earlier), item(closedAt(-9))],
      [item(closedAt(-10))],
    ]
    const forth = [[item(later), item(closedAt(9998))], [item(closedAt(9999))]]
    const asked: unknown[] = []
    mocked.on(QueryCommand).callsFake((query) => {
      asked.push([query.ScanIndexForward, query.Limit, query.ConsistentRead, query.ExclusiveStartKey?.sk])
      const pages = query.ScanIndexForward ? forth : back
      const n = query.ExclusiveStartKey?.sk ?? 0
      return { Items: pages[n], ...(pages[n + 1] && { LastEvaluatedKey: { pk: 'a', sk: n + 1 } }) }
    })
    expect(await store.loadClosed('ann', { fromMs: at(3600), toMs: at(3600) })).toEqual([within, earlier, later])
    expect(asked).toEqual([
      [false, 2, true, undefined],
      [false, 8, true, 1],
      [false, 32, true, 2],
      [false, 128, true, 3],
      [true, 2, true, undefined],
    ])
  })

  it('reads the version of a closed session consistently, since a missing one means never closed', async () => {
    mocked.on(GetCommand).resolves({ Item: closedItem(closedOf(closedAt(0), 4), EXPIRES_MS) })
    expect(await store.closedVersion('ann', 'some id')).toBe(4)
    expect(mocked.commandCalls(GetCommand).map((call) => call.args[0].input.ConsistentRead)).toEqual([true])
  })

  it('throws the error of a throttled table unchanged', async () => {
    const throttled = new ProvisionedThroughputExceededException({ message: 'slow down', $metadata: {} })
    mocked.onAnyCommand().rejects(throttled)
    for (const attempt of [
      store.loadUsers(['ann']),
      store.loadClosed('ann', { fromMs: at(0), toMs: at(1) }),
      store.saveUser('ann', stateOf(1), 0, EXPIRES_MS),
      store.putClosed(closedOf(closedAt(0), 1), EXPIRES_MS),
      store.putTombstone('ann', 'gone', 1, EXPIRES_MS),
      store.closedVersion('ann', 'gone'),
      store.closedVersions('ann')[Symbol.asyncIterator]().next(),
    ]) {
      await expect(attempt).rejects.toBe(throttled)
    }
  })

  it('gives items an expiry in seconds, rounded up, but none to a state with an open session', async () => {
    mocked.on(PutItemCommand).resolves({})
    const expiresAtMs = 1_900_000_000_001
    await store.saveUser('ann', stateOf(1), 0, expiresAtMs)
    await store.putClosed(closedOf(closedAt(0), 1), expiresAtMs)
    await store.putTombstone('ann', 'gone', 1, expiresAtMs)
    await store.saveUser('ann', stateOf(2, { open: [closedAt(0)] }), 1, expiresAtMs)
    expect(expiries()).toEqual([1_900_000_001, 1_900_000_001, 1_900_000_001, undefined])
  })

  it('retains the state of a forgotten user until its erasure ends', async () => {
    mocked.on(PutItemCommand).resolves({})
    const forgotten = { atMs: at(0), untilMs: 1_900_000_000_001, pendingTombstones: [] }
    await store.saveUser('ann', stateOf(1, { forgotten }), 0, 1_800_000_000_000)
    await store.saveUser('ann', stateOf(2, { forgotten }), 1, 2_000_000_000_000)
    await store.saveUser('ann', stateOf(3, { forgotten, open: [closedAt(0)] }), 2, 1)
    expect(expiries()).toEqual([1_900_000_001, 2_000_000_000, undefined])
  })

  function expiries(): unknown[] {
    const items = mocked.commandCalls(PutItemCommand).map((call) => unmarshall(call.args[0].input.Item ?? {}))
    return items.map((item) => item[EXPIRES_AT])
  }
})
