// Wraps the ports of a run in memory so that the adapters write to tables in memory, too, which
// count the units that DynamoDB would bill.

import { dynamoDirtyHours } from '../../functions/aws/results-table/dirty-hours.ts'
import { hourPages } from '../../functions/aws/results-table/hour-pages.ts'
import { dynamoResultStore } from '../../functions/aws/results-table/result-store.ts'
import { dynamoRollupStore } from '../../functions/aws/results-table/rollup-store.ts'
import { singleWriter } from '../../functions/aws/runtime/item-writer.ts'
import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { dynamoTimerStore } from '../../functions/aws/sessions-table/timer-store.ts'
import { dynamoShardProgress } from '../../functions/aws/stream/shard-progress.ts'
import { HOUR_INDEX } from '../../functions/contract.ts'
import { countedDynamo } from '../cost/counted-dynamo.ts'
import { type CapacitySummary, ROLLUPS, summarizeCapacity } from '../run/summary.ts'
import type { StepPorts } from './memory-ports.ts'
import type { StepName } from './memory-steps.ts'

export interface UnitPorts {
  readonly portsOf: (step: StepName, stores: StepPorts) => StepPorts
  readonly capacity: () => CapacitySummary
}

const TABLES = { sessions: 'sessions', results: 'results', deadLetters: '' }

/**
 * The adapters answer all reads. Writes go to the stores in memory as well, from which the results
 * of the run are read. Those are never read by a step.
 *
 * @param isIndexed false leaves rows out of the index by hour.
 */
export function unitPorts(isIndexed: boolean): UnitPorts {
  const units = { write: new Map<string, number>(), read: new Map<string, number>() }
  const clientsOf = countedDynamo([TABLES.sessions, TABLES.results], (use, step: StepName) => {
    const table = use.isIndex ? `${use.table}/${HOUR_INDEX.name}` : use.table
    const name = step === 'rollup' ? ROLLUPS : table
    units[use.kind].set(name, (units[use.kind].get(name) ?? 0) + use.units)
  })
  return {
    portsOf: (step, stores) => {
      const { document, plain } = clientsOf(step)
      const { loadUsersEventually: recall, ...sessions } = dynamoSessionStore(document, TABLES.sessions)
      const results = dynamoResultStore(document, TABLES.results, singleWriter(document), isIndexed)
      const rollups = { ...dynamoRollupStore(document, TABLES.results), ...hourPages(plain, TABLES.results) }
      return {
        ...stores,
        recall,
        progress: dynamoShardProgress(document, TABLES.sessions),
        timers: dynamoTimerStore(document, TABLES.sessions),
        dirtyHours: dynamoDirtyHours(document, TABLES.results),
        sessions: { ...sessions, ...both(sessions, stores.sessions, ['saveUser', 'putClosed', 'putTombstone']) },
        results: { ...results, ...both(results, stores.results, ['put', 'remove']) },
        rollups: { ...rollups, ...both(rollups, stores.rollups, ['save', 'remove', 'saveRanking']) },
      }
    },
    capacity: () => summarizeCapacity({ writes: units.write, reads: units.read }, TABLES),
  }
}

type Write = (...args: never[]) => Promise<void>

/** Returns methods that write to both stores, first to the one that may refuse a write. */
function both<K extends string, T extends Readonly<Record<K, Write>>>(first: T, second: T, names: readonly K[]) {
  const methods = names.map((name) => {
    const write: Write = async (...args) => {
      await first[name](...args)
      await second[name](...args)
    }
    return [name, write]
  })
  return Object.fromEntries(methods) as Pick<T, K>
}
