// Tests how a long open session is stored in blocks on DynamoDB.

import { randomUUID } from 'node:crypto'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { BatchGetCommand, DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { sessionsSpec } from '../../../bench/bench-tables.ts'
import { stateItem } from '../../../functions/aws/sessions-table/session-items.ts'
import { dynamoSessionStore } from '../../../functions/aws/sessions-table/session-store.ts'
import { EXPIRES_AT } from '../../../functions/contract.ts'
import { DAY_MS } from '../../../functions/domain/durations.ts'
import type { Event } from '../../../functions/domain/events/event.ts'
import { NEW_USER } from '../../../functions/domain/sessions/user-state.ts'
import { type SessionStore, VersionConflictError } from '../../../functions/ports.ts'
import { emulatedDynamo } from '../../support/emulated-dynamo.ts'
import { at, search } from '../../support/events.ts'
import { SEED } from '../../support/random-log.ts'
import { makeTables } from '../../support/tables.ts'
import { closedOf, EXPIRES_MS, session, stateOf } from './session-samples.ts'

const emulated = emulatedDynamo()

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

  it('puts no block of an outdated state, since its user may be forgotten by now', async () => {
    await store.saveUser('ann', open(1, eventsOf(12)), 0, EXPIRES_MS)
    const outdated = (await store.loadUsers(['ann'])).get('ann') ?? NEW_USER
    await store.saveUser('ann', stateOf(2), 1, EXPIRES_MS)
    const events = [...(outdated.open[0]?.events ?? []), ...eventsOf(1, 12)]
    await expect(store.saveUser('ann', open(2, events), 1, EXPIRES_MS)).rejects.toThrow('version 2')
    expect(await blockKeys()).toEqual([])
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
