// Replays batches through the real steps and stores on tables in memory, and counts the units of
// each part of the work.

import { finalizeStores } from '../../functions/aws/results-table/result-store.ts'
import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { dynamoTimerStore } from '../../functions/aws/sessions-table/timer-store.ts'
import { dynamoShardProgress } from '../../functions/aws/stream/shard-progress.ts'
import { DIRTY_PARTITION, PROGRESS_KEY, TIMER_PAGES } from '../../functions/contract.ts'
import { countedDynamo } from './counted-dynamo.ts'
import type { UnitUse } from './counted-table.ts'
import {
  type Batch,
  type Replayed,
  type ReplaySettings,
  type ReplayWatch,
  replayBatches,
  type Step,
} from './replay-batches.ts'

/**
 * `progress` is how far ingest has applied a shard, which it writes once a batch. `dirtyHours` are
 * the hours that rollup sums anew.
 */
export const PARTS = ['append', 'timers', 'close', 'progress', 'rows', 'index', 'dirtyHours'] as const
export type Part = (typeof PARTS)[number]

export type UnitsByPart = Readonly<Record<Part, number>>

export interface CountedRun extends Replayed {
  readonly write: UnitsByPart
  readonly read: UnitsByPart
}

const SESSIONS = 'sessions'
const RESULTS = 'results'

/** @param hasRollups false leaves rows out of the index by hour, and marks no hours. */
export async function countUnits(
  batches: readonly Batch[],
  settings: ReplaySettings,
  watch: ReplayWatch = {},
  hasRollups = true,
): Promise<CountedRun> {
  const none = () => Object.fromEntries(PARTS.map((part) => [part, 0])) as Record<Part, number>
  const units = { write: none(), read: none() }
  let step: Step = 'append'
  const { document: client } = countedDynamo([SESSIONS, RESULTS], (use) => {
    units[use.kind][partOf(use, step)] += use.units
  })(null)
  const sessions = dynamoSessionStore(client, SESSIONS)
  const stores = {
    sessions,
    recall: sessions.loadUsersEventually,
    progress: dynamoShardProgress(client, SESSIONS),
    timers: dynamoTimerStore(client, SESSIONS),
    ...finalizeStores(client, RESULTS, hasRollups),
  }
  try {
    const onStep = (begun: Step): void => {
      step = begun
      watch.onStep?.(begun)
    }
    const replayed = await replayBatches(batches, stores, settings, { ...watch, onStep })
    return { ...replayed, ...units }
  } finally {
    client.destroy()
  }
}

/** @param step the step that runs, since two steps write states. */
function partOf({ isIndex, partition, sortKey }: UnitUse, step: Step): Part {
  if (isIndex) return 'index'
  if (partition.startsWith(TIMER_PAGES)) return 'timers'
  if (partition === DIRTY_PARTITION) return 'dirtyHours'
  if (sortKey === PROGRESS_KEY) return 'progress'
  return step === 'results' ? 'rows' : step
}
