// A proxy before DynamoDB's endpoint: the functions' requests in, their answers and a count of capacity units out.

import type { LoopbackServer } from '../emulators/loopback-server.ts'
import type { Mishaps } from './chaos.ts'
import { type Passing, startProxy } from './proxy.ts'

/** Units by `<table>` and `<table>/<index>`, and what kind they are; those of some callers under a name of their own. */
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
 * Asks for the capacity of every request on the way; the functions themselves do not need to.
 *
 * @param countedAside the name that the units of a caller are counted under.
 */
export async function startDynamoProxy(
  target: string,
  faults: Mishaps,
  refusal: Passing['refusal'],
  countedAside: ReadonlyMap<string, string> = new Map(),
): Promise<DynamoProxy> {
  const writes = new Map<string, number>()
  const reads = new Map<string, number>()
  const isCounted = (operation: string): boolean => WRITES.has(operation) || READS.has(operation)
  const proxy = await startProxy(target, faults, {
    refusal,
    request: ({ operation, body, json }) =>
      isCounted(operation) ? Buffer.from(JSON.stringify({ ...json(), ReturnConsumedCapacity: 'INDEXES' })) : body,
    // A failed condition is billed like the write that it stopped, but the emulator does not say how much.
    answer: ({ operation, caller }, body) => {
      if (!isCounted(operation)) return
      count(WRITES.has(operation) ? writes : reads, body.toString('utf8'), countedAside.get(caller) ?? null)
    },
  })
  return { ...proxy, capacity: () => ({ writes, reads }) }
}

function count(units: Map<string, number>, body: string, aside: string | null): void {
  const { ConsumedCapacity: consumed } = JSON.parse(body) as {
    ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[]
  }
  for (const { TableName, CapacityUnits, Table, GlobalSecondaryIndexes } of [consumed ?? []].flat()) {
    if (aside !== null) {
      add(units, aside, CapacityUnits)
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
