// The meter between the adapters and DynamoDB: requests in, the capacity units of each by what it was for out.

import { NO_FAULTS } from '../local/proxy/chaos.ts'
import { type Call, startProxy } from '../local/proxy/proxy.ts'

/**
 * `index` is how it is known whom to look at, and when: timers, or the naive design's index. `batch` is how far its shard
 * is read, which a batch writes once for all its users.
 */
export const PURPOSES = ['append', 'index', 'close', 'batch', 'results'] as const
export type Purpose = (typeof PURPOSES)[number]

export type Units = Readonly<Record<Purpose, number>>

export interface UnitMeter {
  readonly endpoint: string
  /** What the table's own units are for from now on, as far as the request does not say it. */
  during(purpose: Purpose): void
  units(): { readonly write: Units; readonly read: Units }
  /** Of conditions that failed: billed like writes, and not told by the emulator. */
  refused(): number
  stop(): Promise<void>
}

const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'])
const READS = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan'])

interface ConsumedCapacity {
  readonly CapacityUnits: number
  readonly Table?: { readonly CapacityUnits: number }
  readonly GlobalSecondaryIndexes?: Readonly<Record<string, { readonly CapacityUnits: number }>>
}

/** @param purposeOf what a request is for, where that does not depend on who sends it. */
export async function startUnitMeter(target: string, purposeOf: (call: Call) => Purpose | null): Promise<UnitMeter> {
  const none = (): Record<Purpose, number> => ({ append: 0, index: 0, close: 0, batch: 0, results: 0 })
  const units = { write: none(), read: none() }
  let current: Purpose = 'append'
  let sent = 0
  let answered = 0
  const isMetered = ({ operation }: Call): boolean => WRITES.has(operation) || READS.has(operation)
  const proxy = await startProxy(target, NO_FAULTS, {
    request: (call) => {
      if (!isMetered(call)) return call.body
      sent++
      return Buffer.from(JSON.stringify({ ...call.json(), ReturnConsumedCapacity: 'INDEXES' }))
    },
    answer: (call, body) => {
      if (!isMetered(call)) return
      answered++
      const counted = WRITES.has(call.operation) ? units.write : units.read
      for (const { CapacityUnits, Table, GlobalSecondaryIndexes } of consumedIn(body)) {
        const purpose = purposeOf(call)
        counted[purpose ?? current] += Table?.CapacityUnits ?? CapacityUnits
        for (const { CapacityUnits: ofIndex } of Object.values(GlobalSecondaryIndexes ?? {})) {
          // What is known of a request is of its table and that table's indexes.
          counted[purpose ?? 'index'] += ofIndex
        }
      }
    },
  })
  return {
    endpoint: proxy.endpoint,
    during: (purpose) => {
      current = purpose
    },
    units: () => ({ write: { ...units.write }, read: { ...units.read } }),
    refused: () => sent - answered,
    stop: proxy.stop,
  }
}

function consumedIn(body: Buffer): ConsumedCapacity[] {
  const { ConsumedCapacity: consumed } = JSON.parse(body.toString('utf8')) as {
    ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[]
  }
  return [consumed ?? []].flat()
}

export function totalUnits(units: Units, except: readonly Purpose[] = []): number {
  return PURPOSES.filter((purpose) => !except.includes(purpose)).reduce((sum, purpose) => sum + units[purpose], 0)
}
