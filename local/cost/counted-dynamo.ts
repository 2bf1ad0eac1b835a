// Answers the requests of the stores from tables in memory that count units.

import { ConditionalCheckFailedException, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import {
  BatchGetCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/lib-dynamodb'
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb'
import type { Item } from '../../functions/aws/runtime/table-items.ts'
import { type Expression, isMet, keyRange } from './conditions.ts'
import { type CountedTable, countedTable, type UnitUse } from './counted-table.ts'

interface ConditionalRequest extends Expression {
  readonly TableName?: string | undefined
  readonly ConditionExpression?: string | undefined
}

/**
 * Returns a client for the stores. It answers their requests but for write batches, transactions
 * and those of rollups, and throws for these.
 *
 * @param tables the names of the tables.
 */
export function countedDynamo(tables: readonly string[], onUse: (use: UnitUse) => void): DynamoDBDocumentClient {
  const byName = new Map(tables.map((name) => [name, countedTable(name, onUse)]))
  const tableOf = (name: string | undefined): CountedTable => {
    const table = byName.get(String(name))
    if (table === undefined) throw new Error(`there is no table ${name}`)
    return table
  }
  const send = async (command: unknown): Promise<unknown> => {
    if (command instanceof PutItemCommand) {
      const { Item: item = {}, ExpressionAttributeValues: values, ...input } = command.input
      const request = { ...input, ...(values && { ExpressionAttributeValues: unmarshall(values) }) }
      return write(tableOf(input.TableName), request, unmarshall(item), (table, put) => table.put(put))
    }
    if (command instanceof PutCommand)
      return write(tableOf(command.input.TableName), command.input, command.input.Item ?? {}, (table, put) =>
        table.put(put),
      )
    if (command instanceof DeleteCommand)
      return write(tableOf(command.input.TableName), command.input, command.input.Key ?? {}, (table, key) =>
        table.remove(key),
      )
    if (command instanceof GetCommand) {
      const { TableName: name, Key: key = {}, ConsistentRead: isConsistent = false } = command.input
      return { Item: tableOf(name).get(key, isConsistent) }
    }
    if (command instanceof BatchGetCommand) {
      const requests = Object.entries(command.input.RequestItems ?? {})
      const found = requests.map(([name, { Keys: keys = [], ConsistentRead: isConsistent = false }]) => {
        return [name, keys.flatMap((key) => tableOf(name).get(key, isConsistent) ?? [])]
      })
      return { Responses: Object.fromEntries(found) }
    }
    if (command instanceof QueryCommand) return query(tableOf(command.input.TableName), command.input)
    throw new Error(`the counted tables do not answer ${(command as object).constructor.name}`)
  }
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }))
  // Paginators of the SDK accept only clients of its own.
  return Object.assign(client, { send })
}

function write(
  table: CountedTable,
  request: ConditionalRequest,
  item: Item,
  apply: (table: CountedTable, item: Item) => void,
): object {
  const stored = table.stored(item)
  if (isMet(request.ConditionExpression, request, stored)) {
    apply(table, item)
    return {}
  }
  table.countWrite(item)
  const message = 'The conditional request failed'
  const found = stored === undefined ? {} : { Item: marshall(stored, { removeUndefinedValues: true }) }
  throw new ConditionalCheckFailedException({ message, $metadata: {}, ...found })
}

function query(table: CountedTable, input: QueryCommandInput): object {
  const page = table.page({
    ...keyRange(String(input.KeyConditionExpression), input),
    isConsistent: input.ConsistentRead ?? false,
    isForward: input.ScanIndexForward ?? true,
    isIndex: input.IndexName !== undefined,
    limit: input.Limit ?? Number.POSITIVE_INFINITY,
    after: input.ExclusiveStartKey ?? null,
  })
  return { Items: page.items, ...(page.next !== null && { LastEvaluatedKey: page.next }) }
}
