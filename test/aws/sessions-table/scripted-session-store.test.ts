// Tests the session store on answers that no emulator of DynamoDB gives.

import { DynamoDBClient, ProvisionedThroughputExceededException, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { BatchGetCommand, DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { unmarshall } from '@aws-sdk/util-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'
import { singleWriter } from '../../../functions/aws/runtime/item-writer.ts'
import { splitSessions } from '../../../functions/aws/sessions-table/session-blocks.ts'
import { closedItem, stateItem, tombstoneItem } from '../../../functions/aws/sessions-table/session-items.ts'
import { dynamoSessionStore } from '../../../functions/aws/sessions-table/session-store.ts'
import { EXPIRES_AT } from '../../../functions/contract.ts'
import type { Session } from '../../../functions/domain/sessions/session.ts'
import { at, search } from '../../support/events.ts'
import { closedOf, EXPIRES_MS, session, stateOf } from './session-samples.ts'

describe('a session store on a scripted DynamoDB', () => {
  const scripted = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }))
  const mocked = mockClient(scripted)
  const store = dynamoSessionStore(scripted, 'sessions', singleWriter(scripted), { wait: async () => {} })
  const keysOf = (users: readonly string[]) => users.map((user) => ({ pk: `user#${user}`, sk: 'open' }))
  const stateOfUser = (user: string) => stateItem(user, stateOf(3), EXPIRES_MS)
  const closedAt = (seconds: number) => session([search(at(seconds))])

  beforeEach(() => {
    mocked.reset()
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

  it('reads states eventually at half the price, and reads again consistently what lacks a block', async () => {
    const { open } = stateOf(1, { open: [session(Array.from({ length: 13 }, (_, n) => search(at(n))))] })
    const item = stateItem('ann', stateOf(1, { open }), EXPIRES_MS, splitSessions(open, 1, new WeakMap()))
    mocked.on(BatchGetCommand).callsFake(({ RequestItems: { sessions } }) => ({
      Responses: { sessions: sessions.Keys[0].sk === 'open' ? [item] : [] },
    }))
    await expect(store.loadUsersEventually(['ann'])).rejects.toThrow('blocks of a state are missing')
    const asked = mocked.commandCalls(BatchGetCommand).map((call) => call.args[0].input.RequestItems?.sessions)
    expect(asked.map((request) => request?.ConsistentRead)).toEqual([false, false, true, true, true, true])
  })

  it('gives up on keys that every answer leaves out', async () => {
    mocked.on(BatchGetCommand).callsFake((input) => ({ UnprocessedKeys: input.RequestItems }))
    await expect(store.loadUsers(['ann', 'ben'])).rejects.toThrow('DynamoDB left 2 keys out of 24 answers')
    expect(mocked.commandCalls(BatchGetCommand)).toHaveLength(24)
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
    expect(await store.closedVersion('ann', 'some id', 0)).toBe(4)
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
      store.closedVersion('ann', 'gone', 0),
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
