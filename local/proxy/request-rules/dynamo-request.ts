// Reads a DynamoDB request into the parts that the rules check: one for each item or expression.

import { type Attributes, type NestedValue, nestedValues } from './attribute-values.ts'
import { type ExpressionKind, type ParsedExpression, parseExpression } from './expression.ts'
import { ExpressionSyntaxError } from './expression-tokens.ts'
import { readStatement, type SentStatement } from './statement.ts'
import type { KnownTables, TableKeys } from './table-keys.ts'

export type Body = Readonly<Record<string, unknown>>

export interface Expression {
  readonly kind: ExpressionKind
  readonly text: string
  readonly parsed: ParsedExpression | ExpressionSyntaxError
}

/** A request for one item, or for the items of one Query or Scan. */
export interface RequestPart {
  readonly table: string
  /** Null for a table of which no key is known. */
  readonly keys: TableKeys | null
  readonly index: string | null
  /** The whole item that is put. */
  readonly item: Attributes | null
  /** The key of the item that is read, changed or deleted, or the one to start a page after. */
  readonly key: Attributes | null
  readonly expressions: readonly Expression[]
  readonly names: Readonly<Record<string, string>> | null
  readonly values: Attributes | null
  /** All values of the item, the key and the expressions, with those inside them. */
  readonly nested: readonly NestedValue[]
}

export interface DynamoRequest {
  readonly operation: string
  readonly body: Body
  readonly bytes: number
  readonly parts: readonly RequestPart[]
}

const EXPRESSIONS: readonly ExpressionKind[] = [
  'KeyConditionExpression',
  'FilterExpression',
  'ConditionExpression',
  'UpdateExpression',
  'ProjectionExpression',
]

/** These operations ask for one item, or for the items of one table. */
const SINGLE = new Set(['PutItem', 'GetItem', 'UpdateItem', 'DeleteItem', 'Query', 'Scan'])

/** @param bytes the size of the body as it was sent. */
export function readRequest(operation: string, body: Body, bytes: number, tables: KnownTables): DynamoRequest {
  return { operation, body, bytes, parts: bodiesOf(operation, body).map((part) => readPart(part, tables)) }
}

/** Returns a body for each part, with `TableName` and either `Item` or `Key`. */
function bodiesOf(operation: string, body: Body): Body[] {
  if (SINGLE.has(operation)) return [body]
  if (operation === 'BatchGetItem') {
    return tableEntries(body).flatMap(([TableName, { Keys = [], ...asked }]) => {
      // The expressions apply to all keys, so that one part is enough for them.
      return [{ TableName, ...asked }, ...(Keys as Attributes[]).map((Key) => ({ TableName, Key }))]
    })
  }
  if (operation === 'BatchWriteItem') {
    return tableEntries<WriteRequest[]>(body).flatMap(([TableName, writes]) => {
      return writes.map(({ PutRequest, DeleteRequest }) => ({ TableName, ...PutRequest, ...DeleteRequest }))
    })
  }
  if (operation === 'BatchExecuteStatement') {
    return ((body.Statements ?? []) as SentStatement[]).flatMap((sent): Body[] => {
      const statement = readStatement(sent)
      if (statement === null) return []
      // An UPDATE of the functions names every attribute of the item.
      return [{ TableName: statement.table, Item: { ...statement.where, ...statement.written } }]
    })
  }
  return ((body.TransactItems ?? []) as Body[]).flatMap((item) => Object.values(item) as Body[])
}

type WriteRequest = Readonly<{ PutRequest?: Body; DeleteRequest?: Body }>

function tableEntries<Asked = Body>({ RequestItems }: Body): [string, Asked][] {
  return Object.entries((RequestItems ?? {}) as Record<string, Asked>)
}

function readPart(body: Body, tables: KnownTables): RequestPart {
  const item = (body.Item ?? null) as Attributes | null
  const key = (body.Key ?? body.ExclusiveStartKey ?? null) as Attributes | null
  const values = (body.ExpressionAttributeValues ?? null) as Attributes | null
  const table = String(body.TableName).replace(/^arn:.*\//, '')
  return {
    table,
    keys: tables.keysOf(table),
    index: (body.IndexName ?? null) as string | null,
    item,
    key,
    expressions: EXPRESSIONS.flatMap((kind) => {
      const text = body[kind]
      return typeof text === 'string' ? [{ kind, text, parsed: parsed(kind, text) }] : []
    }),
    names: (body.ExpressionAttributeNames ?? null) as Readonly<Record<string, string>> | null,
    values,
    nested: nestedValues({ ...item, ...key, ...values }),
  }
}

/** The code has some dozens of expressions. */
const PARSED_MAX = 1000
const parsedBefore = new Map<string, Expression['parsed']>()

function parsed(kind: ExpressionKind, text: string): Expression['parsed'] {
  const key = `${kind} ${text}`
  const before = parsedBefore.get(key)
  if (before !== undefined) return before
  const now = parsedNow(kind, text)
  if (parsedBefore.size < PARSED_MAX) parsedBefore.set(key, now)
  return now
}

function parsedNow(kind: ExpressionKind, text: string): Expression['parsed'] {
  try {
    return parseExpression(kind, text)
  } catch (error) {
    if (error instanceof ExpressionSyntaxError) return error
    throw error
  }
}
