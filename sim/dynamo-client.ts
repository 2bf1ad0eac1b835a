// Answers the writes of the real stores from the simulated tables.

import {
  BatchExecuteStatementCommand,
  ConditionalCheckFailedException,
  PutItemCommand,
  type PutItemCommandInput,
} from '@aws-sdk/client-dynamodb'
import { BatchGetCommand, type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb'
import type { VersionedItem } from '../functions/aws/runtime/item-writer.ts'
import type { Item } from '../functions/aws/runtime/table-items.ts'
import { applyWriteBatch } from './apply-write-batch.ts'
import { keyOf, type SimulatedTable, type SimulatedTables, tableOf } from './simulated-tables.ts'
import type { Invocation, World } from './world.ts'
import type { WriteBatches } from './write-batches.ts'

/**
 * Answers `PutItem`, `BatchGetItem` and `BatchExecuteStatement`, and throws for any other request.
 * Faults of calls strike each request, and faults of write batches strike batches and statements.
 */
export function simulatedDynamo(
  tables: SimulatedTables,
  batches: WriteBatches,
  world: World,
  { call }: Pick<Invocation, 'call'>,
): DynamoDBDocumentClient {
  const put = (item: VersionedItem, action: () => Promise<void>): Promise<void> => {
    const { user, sk } = keyOf(item)
    return call(`puts ${sk} version ${item.version}`, user, action)
  }
  const storedItems = (table: string, keys: readonly Item[] = []): Item[] =>
    keys.flatMap((key) => tableOf(tables, table).stored(key) ?? [])
  const send = async (command: unknown): Promise<unknown> => {
    if (command instanceof BatchExecuteStatementCommand) {
      const { Statements: statements = [] } = command.input
      const answer = async () => ({ Responses: await applyWriteBatch(statements, tables, batches, world) })
      return call(`sends a write batch of ${statements.length}`, null, answer)
    }
    if (command instanceof PutItemCommand) {
      const item = unmarshall(command.input.Item ?? {}) as VersionedItem
      return put(item, () => putUnderCondition(item, command.input, tableOf(tables, command.input.TableName)))
    }
    if (command instanceof PutCommand) {
      const item = command.input.Item as VersionedItem
      return put(item, () => tableOf(tables, command.input.TableName).put(item))
    }
    if (command instanceof BatchGetCommand) {
      const requests = Object.entries(command.input.RequestItems ?? {})
      return call('reads versions before it puts blocks', null, async () => ({
        Responses: Object.fromEntries(requests.map(([table, { Keys: keys }]) => [table, storedItems(table, keys)])),
      }))
    }
    throw new Error('the simulation does not answer this command')
  }
  return { send } as unknown as DynamoDBDocumentClient
}

async function putUnderCondition(item: VersionedItem, input: PutItemCommandInput, table: SimulatedTable) {
  const stored = table.stored(item)
  const { ':version': version } = unmarshall(input.ExpressionAttributeValues ?? {})
  if (isMet(String(input.ConditionExpression), version, stored)) return table.put(item)
  throw new ConditionalCheckFailedException({
    message: 'The conditional request failed',
    $metadata: {},
    ...(stored !== undefined && { Item: marshall(stored, { removeUndefinedValues: true }) }),
  })
}

function isMet(expression: string, version: number, stored: VersionedItem | undefined): boolean {
  if (stored === undefined) return expression.startsWith('attribute_not_exists(pk)')
  if (expression.endsWith('#version < :version')) return stored.version < version
  if (expression.endsWith('#version <= :version')) return stored.version <= version
  return expression === '#version = :version' && stored.version === version
}
