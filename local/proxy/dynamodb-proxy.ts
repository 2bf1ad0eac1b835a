// Counts the capacity units of the functions' DynamoDB requests in a proxy before the endpoint.

import type { LoopbackServer } from '../emulators/loopback-server.ts'
import type { Faults } from './chaos.ts'
import { type ProxyRules, startProxy } from './proxy.ts'

/** Capacity units by `<table>` and `<table>/<index>`, or by the name of a caller counted apart. */
export interface Capacity {
  readonly writes: ReadonlyMap<string, number>
  readonly reads: ReadonlyMap<string, number>
}

export interface DynamoProxy extends LoopbackServer {
  capacity(): Capacity
}

const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems'])
const READS = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan', 'TransactGetItems'])

interface ConsumedCapacity {
  readonly TableName: string
  readonly CapacityUnits: number
  readonly Table?: { readonly CapacityUnits: number }
  readonly GlobalSecondaryIndexes?: Readonly<Record<string, { readonly CapacityUnits: number }>>
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
  countedApart: ReadonlyMap<string, string> = new Map(),
): Promise<DynamoProxy> {
  const writes = new Map<string, number>()
  const reads = new Map<string, number>()
  const isCounted = (operation: string): boolean => WRITES.has(operation) || READS.has(operation)
  const proxy = await startProxy(target, faults, {
    refusal,
    request: ({ operation, body, json }) =>
      isCounted(operation) ? Buffer.from(JSON.stringify({ ...json(), ReturnConsumedCapacity: 'INDEXES' })) : body,
    // DynamoDB bills a write whose condition fails, but the emulator does not report its units.
    answer: ({ operation, caller }, body) => {
      if (!isCounted(operation)) return
      count(WRITES.has(operation) ? writes : reads, body.toString('utf8'), countedApart.get(caller) ?? null)
    },
  })
  return { ...proxy, capacity: () => ({ writes, reads }) }
}

function count(units: Map<string, number>, body: string, countedAs: string | null): void {
  const { ConsumedCapacity: consumed } = JSON.parse(body) as {
    ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[]
  }
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
