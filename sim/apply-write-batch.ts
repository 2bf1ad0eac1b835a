// Applies a write batch to the simulated tables as DynamoDB does: each statement by itself. The
// faults of write batches strike it.

import type { AttributeValue, BatchStatementRequest, BatchStatementResponse } from '@aws-sdk/client-dynamodb'
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb'
import type { VersionedItem } from '../functions/aws/runtime/item-writer.ts'
import { keyOf, type SimulatedTable, type SimulatedTables, tableOf } from './simulated-tables.ts'
import type { World } from './world.ts'
import type { WriteBatches } from './write-batches.ts'

interface Statement {
  readonly table: SimulatedTable
  readonly key: string
  /** The item of an INSERT, or the key and the changed attributes of an UPDATE. */
  readonly item: VersionedItem
  /** The version that an UPDATE replaces; null for an INSERT. */
  readonly at: number | null
}

const SPREAD_MS_MAX = 2000
/** DynamoDB did not apply a statement with one of these errors. */
const NOT_APPLIED = ['ProvisionedThroughputExceeded', 'RequestLimitExceeded', 'ThrottlingError', 'TransactionConflict']

/** Refuses the whole write batch if it names an item twice. */
export async function applyWriteBatch(
  requests: readonly BatchStatementRequest[],
  tables: SimulatedTables,
  batches: WriteBatches,
  world: World,
): Promise<BatchStatementResponse[]> {
  const statements = requests.map((request) => parsed(request, tables))
  if (new Set(statements.map(({ key }) => key)).size < statements.length) throw refusal()
  batches.sent()
  const responses = await applyAll(statements, batches, world)
  return batches.strikes('repeatedWriteBatch') ? applyAll(statements, batches, world) : responses
}

function refusal(): Error {
  const message = 'Provided list of item keys contains duplicates'
  return Object.assign(new Error(message), { name: 'ValidationException' })
}

const NAMES = /['"](\w+)['"](?:: | = )\?/g

function parsed({ Statement: text = '', Parameters: values = [] }: BatchStatementRequest, tables: SimulatedTables) {
  const tableName = /^(?:INSERT INTO|UPDATE) "([^"]+)"/.exec(text)?.[1]
  const names = [...text.matchAll(NAMES)].map(([, name = '']) => name)
  if (tableName === undefined || names.length !== values.length) throw new Error(`cannot read the statement ${text}`)
  // The last parameter of an UPDATE is the version in its condition.
  const isUpdate = text.startsWith('UPDATE')
  const assigned = isUpdate ? names.slice(0, -1) : names
  const item = unmarshall(Object.fromEntries(assigned.map((name, n) => [name, values[n] as AttributeValue])))
  const table = tableOf(tables, tableName)
  const statement: Statement = {
    table,
    key: JSON.stringify([table.name, item.pk, item.sk]),
    item: item as VersionedItem,
    at: isUpdate ? Number(values.at(-1)?.N) : null,
  }
  return statement
}

/** DynamoDB promises no order, and other requests may come in between. */
async function applyAll(
  statements: readonly Statement[],
  batches: WriteBatches,
  world: World,
): Promise<BatchStatementResponse[]> {
  const { random } = batches
  const responses: BatchStatementResponse[] = statements.map(() => ({}))
  const isSpread = batches.strikes('spreadWriteBatch')
  const endsAt = batches.strikes('brokenWriteBatch') ? random.between(0, statements.length - 1) : statements.length
  const order = statements.map((statement, n) => ({ statement, n, at: random.fraction() })).sort((a, b) => a.at - b.at)
  for (const [applied, { statement, n }] of order.entries()) {
    if (applied === endsAt) return random.happens(0.5) ? never() : noResponse()
    if (isSpread) await world.time.wait(random.between(0, SPREAD_MS_MAX))
    const response = await applyOne(statement, batches)
    const { user, sk } = keyOf(statement.item)
    const outcome = response.Error?.Code ?? 'written'
    world.trace.add(world.time.nowMs(), user, `in a write batch, ${sk} version ${statement.item.version}: ${outcome}`)
    responses[n] = response
  }
  return responses
}

function noResponse(): never {
  throw new Error('no response')
}

function never(): Promise<never> {
  return new Promise(() => {})
}

async function applyOne({ table, item, at }: Statement, batches: WriteBatches): Promise<BatchStatementResponse> {
  const { random } = batches
  if (batches.strikes('throttledStatement')) return failed(random.oneOf(NOT_APPLIED))
  const stored = table.stored(item)
  if (at === null && stored !== undefined) return failed('DuplicateItem')
  if (at !== null && stored?.version !== at) {
    // Some of DynamoDB's emulators do not return the item.
    const isReturned = stored !== undefined && random.happens(0.7)
    return failed('ConditionalCheckFailed', isReturned ? stored : undefined)
  }
  // An UPDATE keeps the attributes that it does not name.
  await table.put({ ...(at !== null && stored), ...item })
  return batches.strikes('unsureStatement') ? failed('InternalServerError') : {}
}

function failed(code: string, stored?: VersionedItem): BatchStatementResponse {
  return {
    Error: {
      Code: code as NonNullable<BatchStatementResponse['Error']>['Code'],
      ...(stored !== undefined && { Item: marshall(stored, { removeUndefinedValues: true }) }),
    },
  }
}
