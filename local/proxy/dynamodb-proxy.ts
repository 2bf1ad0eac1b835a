// Checks the functions' DynamoDB requests in a proxy before the endpoint, and counts their units.

import type { LoopbackServer } from '../emulators/loopback-server.ts'
import type { Faults } from './chaos.ts'
import { type ProxyRules, startProxy } from './proxy.ts'
import type { RequestRules } from './request-rules/request-rules.ts'

/** Capacity units by `<table>` and `<table>/<index>`, or by the name of a caller counted apart. */
export interface Capacity {
  readonly writes: ReadonlyMap<string, number>
  readonly reads: ReadonlyMap<string, number>
}

export interface DynamoProxy extends LoopbackServer {
  capacity(): Capacity
}

const WRITES = new Set([
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'BatchWriteItem',
  'BatchExecuteStatement',
  'TransactWriteItems',
])
const READS = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan', 'TransactGetItems'])

interface ConsumedCapacity {
  readonly TableName: string
  readonly CapacityUnits: number
  readonly Table?: { readonly CapacityUnits: number }
  readonly GlobalSecondaryIndexes?: Readonly<Record<string, { readonly CapacityUnits: number }>>
}

interface Answer {
  readonly ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[]
}

/**
 * Adds `ReturnConsumedCapacity` to the requests, so that the functions need not.
 *
 * @param countedApart a name by caller: the units of such a caller count under it, not by table.
 */
export async function startDynamoProxy(
  target: string,
  faults: Faults,
  refusal: ProxyRules['refusal'],
  rules: Pick<RequestRules, 'refusal' | 'answered'>,
  countedApart: ReadonlyMap<string, string> = new Map(),
): Promise<DynamoProxy> {
  const writes = new Map<string, number>()
  const reads = new Map<string, number>()
  const isCounted = (operation: string): boolean => WRITES.has(operation) || READS.has(operation)
  const proxy = await startProxy(target, faults, {
    refusal: (call) => refusal(call) ?? rules.refusal('dynamodb', call),
    request: ({ operation, body, json }) =>
      isCounted(operation) ? Buffer.from(JSON.stringify({ ...json(), ReturnConsumedCapacity: 'INDEXES' })) : body,
    // DynamoDB bills a write whose condition fails, but the emulator does not report its units.
    answer: (call, body) => {
      if (!isCounted(call.operation)) return
      const answer = JSON.parse(body.toString('utf8')) as Answer
      rules.answered('dynamodb', call, { ...answer })
      count(WRITES.has(call.operation) ? writes : reads, answer, countedApart.get(call.caller) ?? null)
    },
  })
  return { ...proxy, capacity: () => ({ writes, reads }) }
}

function count(units: Map<string, number>, { ConsumedCapacity: consumed }: Answer, countedAs: string | null): void {
  for (const { TableName, CapacityUnits, Table, GlobalSecondaryIndexes } of [consumed ?? []].flat()) {
    if (countedAs !== null) {
      add(units, countedAs, CapacityUnits)
      continue
    }
    add(units, TableName, Table?.CapacityUnits ?? CapacityUnits)
    for (const [index, { CapacityUnits: ofIndex }] of Object.entries(GlobalSecondaryIndexes ?? {})) {
      add(units, `${TableName}/${index}`, ofIndex)
    }
  }
}

function add(units: Map<string, number>, name: string, more: number): void {
  units.set(name, (units.get(name) ?? 0) + more)
}
