// Answers the requests of the stores from tables in memory that count units.

import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DynamoDBClient,
  QueryCommand as PlainQueryCommand,
  PutItemCommand,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb'
import {
  BatchGetCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb'
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb'
import type { Item } from '../../functions/aws/runtime/table-items.ts'
import { type Expression, isMet, keyRange } from './conditions.ts'
import { type CountedTable, countedTable, type UnitUse } from './counted-table.ts'

interface ConditionalRequest extends Expression {
  readonly TableName?: string | undefined
  readonly ConditionExpression?: string | undefined
}

/** Clients of the same tables: stores take one or the other. */
export interface CountedClients {
  readonly document: DynamoDBDocumentClient
  readonly plain: DynamoDBClient
}

/**
 * Returns a function that makes clients of one caller. All callers share the tables. The clients
 * answer the requests of the stores but write batches, and throw for any other.
 *
 * @param tables the names of the tables.
 * @param onUse receives the units of each request, and who sent it.
 */
export function countedDynamo<C>(
  tables: readonly string[],
  onUse: (use: UnitUse, caller: C) => void,
): (caller: C) => CountedClients {
  let current: C
  const byName = new Map(tables.map((name) => [name, countedTable(name, (use) => onUse(use, current))]))
  const tableOf = (name: string | undefined): CountedTable => {
    const table = byName.get(String(name))
    if (table === undefined) throw new Error(`there is no table ${name}`)
    return table
  }
  return (caller) => {
    const send = async (command: unknown): Promise<unknown> => {
      current = caller
      return answer(command, tableOf)
    }
    const plain = new DynamoDBClient({ region: 'us-east-1' })
    // Paginators of the SDK accept only clients of its own.
    const document = Object.assign(DynamoDBDocumentClient.from(plain), { send })
    return { document, plain: Object.assign(plain, { send }) }
  }
}

type TableOf = (name: string | undefined) => CountedTable

function answer(command: unknown, tableOf: TableOf): object {
  if (command instanceof PutItemCommand) {
    const { Item: item = {}, ExpressionAttributeValues: values, ...input } = command.input
    const request = { ...input, ...(values && { ExpressionAttributeValues: unmarshall(values) }) }
    return write(tableOf(input.TableName), request, unmarshall(item), (table, put) => table.put(put))
  }
  if (command instanceof PutCommand) {
    const { Item: item = {}, ...request } = command.input
    return write(tableOf(request.TableName), request, item, (table, put) => table.put(put))
  }
  if (command instanceof DeleteCommand) {
    const { Key: key = {}, ...request } = command.input
    return write(tableOf(request.TableName), request, key, (table, removed) => table.remove(removed))
  }
  if (command instanceof TransactWriteCommand) return transact(command.input, tableOf)
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
  if (command instanceof PlainQueryCommand) {
    const { ExpressionAttributeValues: values = {}, ExclusiveStartKey: start, ...input } = command.input
    const request = {
      ...input,
      ExpressionAttributeValues: unmarshall(values),
      ...(start && { ExclusiveStartKey: unmarshall(start) }),
    }
    return marshalled(query(tableOf(input.TableName), request as QueryCommandInput))
  }
  throw new Error(`the counted tables do not answer ${(command as object).constructor.name}`)
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

/** A transaction costs twice as much as its writes alone. */
function transact({ TransactItems: parts = [] }: TransactWriteCommandInput, tableOf: TableOf): object {
  const changes = parts.map(({ ConditionCheck: check, Put: put, Delete: removed }) => {
    const request: ConditionalRequest = check ?? put ?? removed ?? {}
    const key = check?.Key ?? put?.Item ?? removed?.Key ?? {}
    return { table: tableOf(request.TableName), key, request, put, removed }
  })
  const isRefused = changes.map(
    ({ table, key, request }) => !isMet(request.ConditionExpression, request, table.stored(key)),
  )
  for (const { table, key } of changes) table.countWrite(key)
  if (isRefused.some(Boolean)) {
    const reasons = isRefused.map((refused) => ({ Code: refused ? 'ConditionalCheckFailed' : 'None' }))
    throw new TransactionCanceledException({ message: 'refused', $metadata: {}, CancellationReasons: reasons })
  }
  for (const { table, key, put, removed } of changes) {
    if (put !== undefined) table.put(key)
    else if (removed !== undefined) table.remove(key)
    else table.countWrite(key)
  }
  return {}
}

interface QueryAnswer {
  readonly Items: readonly Item[]
  readonly LastEvaluatedKey?: Item
}

function marshalled({ Items: items, LastEvaluatedKey: last }: QueryAnswer): object {
  const plain = (item: Item): Record<string, AttributeValue> => marshall(item, { removeUndefinedValues: true })
  return { Items: items.map(plain), ...(last && { LastEvaluatedKey: plain(last) }) }
}

function query(table: CountedTable, input: QueryCommandInput): QueryAnswer {
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
