// Tests that the functions refuse items of a newer schema instead of misreading them.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { BatchGetCommand, DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { marshall } from '@aws-sdk/util-dynamodb'
import type { AttributeValue } from 'aws-lambda'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it } from 'vitest'
import { checkSchema, ITEM_SCHEMA } from '../../../functions/aws/runtime/item-schema.ts'
import type { Item } from '../../../functions/aws/runtime/table-items.ts'
import { toChanges } from '../../../functions/aws/sessions-table/closed-changes.ts'
import { blockItem, closedItem, stateItem, tombstoneItem } from '../../../functions/aws/sessions-table/session-items.ts'
import { dynamoSessionStore } from '../../../functions/aws/sessions-table/session-store.ts'
import { dynamoTimerStore, pageItem } from '../../../functions/aws/sessions-table/timer-store.ts'
import { loadProgress } from '../../../functions/aws/stream/shard-progress.ts'
import { nonEmpty } from '../../../functions/domain/non-empty.ts'
import { at, search } from '../../support/events.ts'
import { closedOf, EXPIRES_MS, session, stateOf } from '../sessions-table/session-samples.ts'
import { listsOf } from '../sessions-table/timer-store-contract.ts'

const NEWER = ITEM_SCHEMA + 1

const events = nonEmpty([search(at(0))])
const state = stateItem('ann', stateOf(1), EXPIRES_MS)
const block = blockItem('ann', { name: '1#digest', events }, EXPIRES_MS)
const closed = closedItem(closedOf(session(events), 1), EXPIRES_MS)
const tombstone = tombstoneItem('ann', 'gone', 1, EXPIRES_MS)
const page = pageItem({ id: '0000000000000000#r#0', startMs: 0, timers: [{ user: 'ann', atMs: 0 }] })
const progress = { pk: 'shard#0', sk: 'progress', schema: 1, sequence: '7', arrival: 1 }

describe('an item of a newer schema', () => {
  const scripted = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }))
  const mocked = mockClient(scripted)
  const store = dynamoSessionStore(scripted, 'sessions')
  const range = { fromMs: at(0), toMs: at(1) }

  beforeEach(() => {
    mocked.reset()
  })

  function storeOnly(item: Item): void {
    mocked.on(BatchGetCommand).resolves({ Responses: { sessions: [item] } })
    mocked.on(QueryCommand).resolves({ Items: [item] })
    mocked.on(GetCommand).resolves({ Item: item })
  }

  it.each<[string, Item, () => Promise<unknown>]>([
    ['a state', state, () => store.loadUsers(['ann'])],
    ['a closed session', closed, () => store.loadClosed('ann', range)],
    ['a tombstone', tombstone, () => store.loadClosed('ann', range)],
    ['the version of a closed session', closed, () => store.closedVersion('ann', 'any', 0)],
    ['the versions of a user', closed, () => store.closedVersions('ann')[Symbol.asyncIterator]().next()],
    ['a page of timers', page, () => listsOf(dynamoTimerStore(scripted, 'sessions'))],
    ['the progress of a shard', progress, () => loadProgress(scripted, 'sessions', '0')],
  ])('is refused as %s', async (_, item, read) => {
    storeOnly({ ...item, schema: NEWER })
    await expect(read()).rejects.toThrow(
      `an item of the sessions table has schema ${NEWER}; this code reads up to schema ${ITEM_SCHEMA}`,
    )
  })

  it('is refused as a block of a state that this code can read', async () => {
    const split = { sessions: [{ session: session(events), blocks: 1, rest: events }], blocks: [{ name: 'b', events }] }
    const stored = stateItem('ann', stateOf(1, { open: [session(events)] }), EXPIRES_MS, split)
    mocked
      .on(BatchGetCommand)
      .resolvesOnce({ Responses: { sessions: [stored] } })
      .resolves({ Responses: { sessions: [{ ...block, schema: NEWER }] } })
    await expect(store.loadUsers(['ann'])).rejects.toThrow(`has schema ${NEWER}`)
  })

  it.each(['NewImage', 'OldImage'])('is refused as the %s of a change', (which) => {
    const image = imageOf(closed)
    const images = { NewImage: image, OldImage: image, [which]: { ...image, schema: { N: `${NEWER}` } } }
    const batch = { Records: [{ dynamodb: { SequenceNumber: '1', ...images } }] }
    const [change] = toChanges(batch)
    expect(change).toMatchObject({ sequenceNumber: '1', cause: { name: 'NewerItemError' } })
  })
})

/** Lambda writes binary attributes as base64. */
function imageOf(item: Item): Record<string, AttributeValue> {
  const values = Object.entries(marshall(item)).map(([name, value]) => {
    return [name, value.B === undefined ? value : { B: Buffer.from(value.B).toString('base64') }]
  })
  return Object.fromEntries(values)
}

describe('the check of an item', () => {
  it.each([state, block, closed, tombstone, page])('accepts what this code writes: $sk', (item) => {
    expect(() => checkSchema(item)).not.toThrow()
  })

  it.each(['1', Number.NaN, null, undefined])('refuses the schema %j, which is no number', (schema) => {
    expect(() => checkSchema({ schema })).toThrow(`has schema ${schema}`)
  })
})
