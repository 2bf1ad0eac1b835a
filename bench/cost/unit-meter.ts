// Counts the capacity units of all requests to DynamoDB by purpose, from a proxy between the
// adapters and the emulator.

import { NO_FAULTS } from '../../local/proxy/chaos.ts'
import { type Call, startProxy } from '../../local/proxy/proxy.ts'
import { requestRules } from '../../local/proxy/request-rules/request-rules.ts'
import type { TableSpec } from '../../local/template/pipeline-spec.ts'

/**
 * `timers` also counts the index that the naive design has in place of timers. `batch` is the
 * shard's progress, which ingest writes once a batch for all its users.
 */
export const PURPOSES = ['append', 'timers', 'close', 'batch', 'results'] as const
export type Purpose = (typeof PURPOSES)[number]

export type Units = Readonly<Record<Purpose, number>>

export interface UnitMeter {
  readonly endpoint: string
  /** Sets the purpose of later requests that `purposeOf` does not know. */
  during(purpose: Purpose): void
  units(): { readonly write: Units; readonly read: Units }
  /**
   * Counts the failed conditions. DynamoDB bills them like writes, but the emulator does not report
   * their units.
   */
  failedConditions(): number
  /** Throws a UserError if a request or an answer broke a rule of AWS. */
  stop(): Promise<void>
}

const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'])
const READS = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan'])

interface ConsumedCapacity {
  readonly CapacityUnits: number
  readonly Table?: { readonly CapacityUnits: number }
  readonly GlobalSecondaryIndexes?: Readonly<Record<string, { readonly CapacityUnits: number }>>
}

interface Answer {
  readonly ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[]
}

/**
 * @param tables the tables that the requests name.
 * @param purposeOf returns the purpose of a request, or null where only the sender knows it.
 */
export async function startUnitMeter(
  target: string,
  tables: readonly TableSpec[],
  purposeOf: (call: Call) => Purpose | null,
): Promise<UnitMeter> {
  const rules = requestRules({ functions: [], tables, titles: new Map() })
  const none = (): Record<Purpose, number> => ({ append: 0, timers: 0, close: 0, batch: 0, results: 0 })
  const units = { write: none(), read: none() }
  let current: Purpose = 'append'
  let sent = 0
  let answered = 0
  const isMetered = ({ operation }: Call): boolean => WRITES.has(operation) || READS.has(operation)
  const proxy = await startProxy(target, NO_FAULTS, {
    refusal: (call) => rules.refusal('dynamodb', call),
    request: (call) => {
      if (!isMetered(call)) return call.body
      sent++
      return Buffer.from(JSON.stringify({ ...call.json(), ReturnConsumedCapacity: 'INDEXES' }))
    },
    answer: (call, body) => {
      if (!isMetered(call)) return
      answered++
      const answer = JSON.parse(body.toString('utf8')) as Answer
      rules.answered('dynamodb', call, { ...answer })
      const counted = WRITES.has(call.operation) ? units.write : units.read
      for (const { CapacityUnits, Table, GlobalSecondaryIndexes } of [answer.ConsumedCapacity ?? []].flat()) {
        const purpose = purposeOf(call)
        counted[purpose ?? current] += Table?.CapacityUnits ?? CapacityUnits
        for (const { CapacityUnits: ofIndex } of Object.values(GlobalSecondaryIndexes ?? {})) {
          // Where the purpose is not known, only the naive design has an index.
          counted[purpose ?? 'timers'] += ofIndex
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
    failedConditions: () => sent - answered,
    stop: async () => {
      await proxy.stop()
      rules.failIfViolated()
    },
  }
}

export function totalUnits(units: Units, except: readonly Purpose[] = []): number {
  return PURPOSES.filter((purpose) => !except.includes(purpose)).reduce((sum, purpose) => sum + units[purpose], 0)
}
