// Tests what the tables in memory answer and count, by the rules of DynamoDB.

import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb'
import { beforeEach, describe, expect, it } from 'vitest'
import { HOUR_INDEX } from '../../../functions/contract.ts'
import { countedDynamo } from '../../../local/cost/counted-dynamo.ts'
import type { UnitUse } from '../../../local/cost/counted-table.ts'

let uses: UnitUse[] = []
let client: DynamoDBDocumentClient
beforeEach(() => {
  uses = []
  client = countedDynamo(['t'], (use) => uses.push(use))(null).document
})

/** The units since the last call: those of the table, and those of the index. */
function counted(): [table: number, index: number] {
  const sum = (isIndex: boolean): number =>
    uses.filter((use) => use.isIndex === isIndex).reduce((units, use) => units + use.units, 0)
  const found: [number, number] = [sum(false), sum(true)]
  uses = []
  return found
}

const put = (item: object, more: object = {}) =>
  client.send(new PutCommand({ TableName: 't', Item: { ...item }, ...more }))

describe('a table in memory', () => {
  it('bills a write by the larger of the items before and after', async () => {
    await put({ pk: 'a', sk: '1', text: 'x'.repeat(3000) })
    expect(counted()).toEqual([3, 0])
    await put({ pk: 'a', sk: '1', text: 'x' })
    expect(counted()).toEqual([3, 0])
    await client.send(new DeleteCommand({ TableName: 't', Key: { pk: 'a', sk: '1' } }))
    expect(counted()).toEqual([1, 0])
  })

  it('bills a failed condition by the larger item, and changes nothing', async () => {
    await put({ pk: 'a', sk: '1', version: 2, text: 'x'.repeat(1500) })
    counted()
    const condition = {
      ConditionExpression: 'attribute_not_exists(pk) OR #version < :version',
      ExpressionAttributeNames: { '#version': 'version' },
      ExpressionAttributeValues: { ':version': 2 },
    }
    const refused = put({ pk: 'a', sk: '1', version: 2 }, condition)
    await expect(refused).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' })
    expect(counted()).toEqual([2, 0])
    const larger = put({ pk: 'a', sk: '1', version: 2, text: 'x'.repeat(2500) }, condition)
    await expect(larger).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' })
    expect(counted()).toEqual([3, 0])
    const { Item: item } = await client.send(new GetCommand({ TableName: 't', Key: { pk: 'a', sk: '1' } }))
    expect(item).toMatchObject({ version: 2 })
    expect(counted()).toEqual([0.5, 0])
  })

  it('bills the index for new values, twice for a new key, and nothing for other values', async () => {
    const [pk, sk] = [HOUR_INDEX.partitionKey, HOUR_INDEX.sortKey]
    const row = { pk: 'a', sk: '1', kind: 'search', [pk]: '2026-03-02T09#1', [sk]: 'search#dogs' }
    await put(row)
    expect(counted()).toEqual([1, 1])
    await put({ ...row, other: 1 })
    expect(counted()).toEqual([1, 0])
    await put({ ...row, clicks: 1 })
    expect(counted()).toEqual([1, 1])
    await put({ ...row, [pk]: '2026-03-02T10#1' })
    expect(counted()).toEqual([1, 2])
    await put({ pk: 'a', sk: '1' })
    expect(counted()).toEqual([1, 1])
  })

  it('reads pages in the order of sort keys, and bills the sum of their items', async () => {
    for (const sk of ['b#3', 'b#1', 'c', 'b#2']) await put({ pk: 'a', sk, text: 'x'.repeat(3000) })
    counted()
    const query = {
      TableName: 't',
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
      ExpressionAttributeValues: { ':pk': 'a', ':sk': 'b#' },
      ConsistentRead: true,
      Limit: 2,
    }
    const first = await client.send(new QueryCommand(query))
    expect(first.Items?.map(({ sk }) => sk)).toEqual(['b#1', 'b#2'])
    expect(counted()).toEqual([2, 0])
    const next = await client.send(new QueryCommand({ ...query, ExclusiveStartKey: first.LastEvaluatedKey }))
    expect(next.Items?.map(({ sk }) => sk)).toEqual(['b#3'])
    expect(next.LastEvaluatedKey).toBeUndefined()
    const back = await client.send(new QueryCommand({ ...query, ScanIndexForward: false }))
    expect(back.Items?.map(({ sk }) => sk)).toEqual(['b#3', 'b#2'])
  })

  it('bills a transaction twice, and applies all of it or nothing', async () => {
    await put({ pk: 'a', sk: 'old', revision: 1 })
    counted()
    const check = {
      ConditionExpression: '#revision = :revision',
      ExpressionAttributeNames: { '#revision': 'revision' },
    }
    const transact = (revision: number) =>
      client.send(
        new TransactWriteCommand({
          TransactItems: [
            {
              ConditionCheck: {
                TableName: 't',
                Key: { pk: 'a', sk: 'old' },
                ...check,
                ExpressionAttributeValues: { ':revision': revision },
              },
            },
            { Put: { TableName: 't', Item: { pk: 'a', sk: 'new', text: 'x'.repeat(1500) } } },
          ],
        }),
      )
    await expect(transact(2)).rejects.toMatchObject({ name: 'TransactionCanceledException' })
    counted()
    await transact(1)
    expect(counted()).toEqual([2 * (1 + 2), 0])
    const { Item: item } = await client.send(new GetCommand({ TableName: 't', Key: { pk: 'a', sk: 'new' } }))
    expect(item).toBeDefined()
  })

  it('refuses conditions and requests that no store sends', async () => {
    const condition = { ConditionExpression: 'size(text) > :size' }
    await expect(put({ pk: 'a', sk: '1' }, condition)).rejects.toThrow('do not know the condition size(text) > :size')
    await expect(client.send({} as never)).rejects.toThrow('do not answer Object')
  })
})
