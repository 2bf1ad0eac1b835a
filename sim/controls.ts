// Defines the negative controls: wrong designs that the simulation must catch, each a small change
// to the ports of a step. A control that no run catches shows that the checks have a hole.

import { isFields } from '../functions/domain/events/rejection.ts'
import { lastOf, type NonEmpty } from '../functions/domain/non-empty.ts'
import type { Rules } from '../functions/domain/sessions/rules.ts'
import type { DecodePorts } from '../functions/ingest/decode-records.ts'
import type { MemoryResultStore } from '../functions/memory/memory-stores.ts'
import type {
  ArrivedRecord,
  SessionStore,
  ShardProgress,
  Timer,
  TimerStore,
  UnpackedEvent,
} from '../functions/ports.ts'
import type { ResultStore } from '../functions/result-ports.ts'

/**
 * Each control with what the wrong design does. Its function below, or in another file of
 * controls, explains why that is wrong.
 */
export const CONTROLS = {
  'dedupe-by-sequence': "ingest skips records up to the shard's progress, as if it had applied them all",
  'first-copy-wins': 'the copy of an event that arrives first counts, whatever later copies say',
  'wall-clock-sweep': 'the sweeper closes sessions by the time of day and ignores how far shards lag',
  'exact-arrival': 'the horizon trusts arrival times exactly, although they may be out of order by seconds',
  'forgetful-horizon': 'each sweep begins at the same record of a quiet shard, and reads five pages',
  'timer-last': 'ingest schedules a timer after it has saved the state that needs it',
  'page-first': 'the sweeper removes a page of timers before it schedules the next timers of its users',
  'closings-at-end': 'the sweeper closes all due sessions of a user, and saves the state at the end only',
  'blind-append': 'ingest saves a state over any stored version',
  'forget-by-deleting': 'forget removes what is stored of a user, but does not record the moment',
  'short-lived-version': 'the state of an idle user expires when the closed sessions do, long before the rows',
  'row-delete': 'finalize and forget delete a removed row, and leave no tombstone in its place',
  'clear-at-once': 'rollup clears a dirty hour in the first run that sums it',
  'oldest-first': 'rollup reads a bounded number of dirty hours, the oldest first',
  'blind-memory': 'ingest begins from a state that its process remembers, and saves over any stored version',
  'item-twice': 'a write batch may have two statements for one item, and the writer drops it when DynamoDB refuses it',
  'parallel-batch': 'ingest applies the records of a batch in parallel, and records the last one as progress',
} as const

export type Control = keyof typeof CONTROLS

export const CONTROL_NAMES = Object.keys(CONTROLS) as Control[]

/**
 * `dedupe-by-sequence`: returns the records after the shard's progress. A batch that was given up
 * and is redriven lies before that progress, so its events would be lost.
 */
export function recordsAfter(
  batch: readonly ArrivedRecord[],
  sequenceNumber: string | undefined,
): readonly ArrivedRecord[] {
  return batch.filter((record) => Number(record.sequenceNumber) > Number(sequenceNumber ?? 0))
}

/**
 * `first-copy-wins`: reads every copy of a type and id as the first one that arrived. The sessions
 * then depend on the order of arrival, and what other copies say is lost.
 */
export function firstCopies(unpack: DecodePorts['unpack'], firsts: Map<string, unknown>): DecodePorts['unpack'] {
  return (record) => {
    const { events, ...unpacked } = unpack(record)
    const firstOf = (event: UnpackedEvent) => (): ReturnType<UnpackedEvent['read']> => {
      const read = event.read()
      if (!read.ok || !isFields(read.value) || typeof read.value.eventId !== 'string') return read
      const { user, type, eventId } = read.value
      const key = JSON.stringify([user, type, eventId])
      if (!firsts.has(key)) firsts.set(key, read.value)
      return { ok: true, value: firsts.get(key) }
    }
    return { ...unpacked, events: events.map((event) => ({ ...event, read: firstOf(event) })) }
  }
}

/**
 * `blind-append` and `blind-memory`: saves over whatever is stored. Events that another writer has
 * saved since the state was loaded are lost. A remembered state brings closed sessions back.
 */
export function unconditional(sessions: SessionStore): SessionStore {
  return {
    ...sessions,
    saveUser: async (user, state, _, expiresAtMs) => {
      const stored = (await sessions.loadUsers([user])).get(user)
      const version = (stored?.version ?? 0) + 1
      await sessions.saveUser(user, { ...state, version }, version - 1, expiresAtMs)
    },
  }
}

/**
 * `timer-last`: schedules each timer after the user's next save. If the function dies in between,
 * no timer fires for the open session, so it never closes.
 */
export function timerLast(sessions: SessionStore, timers: TimerStore) {
  const postponed: Timer[] = []
  const saveUser: SessionStore['saveUser'] = async (user, ...rest) => {
    await sessions.saveUser(user, ...rest)
    const ofUser = postponed.filter((timer) => timer.user === user)
    if (ofUser.length === 0) return
    postponed.splice(0, postponed.length, ...postponed.filter((timer) => timer.user !== user))
    await timers.put(ofUser)
  }
  const put: TimerStore['put'] = async (scheduled) => {
    postponed.push(...scheduled)
  }
  return { sessions: { ...sessions, saveUser }, timers: { ...timers, put } }
}

/**
 * `forget-by-deleting`: saves a state without the moment of forgetting. An older event that is
 * redelivered then brings a session of the user back.
 */
export function deleting(sessions: SessionStore): SessionStore {
  return {
    ...sessions,
    saveUser: (user, state, baseVersion, expiresAtMs) =>
      sessions.saveUser(user, { ...state, forgotten: null }, baseVersion, expiresAtMs),
  }
}

/**
 * `short-lived-version`: lets an idle state expire before the rows. An archive that is replayed
 * later then starts the user's versions and clock again, and changes or misses rows.
 */
export function shortLived(sessions: SessionStore, { resultRetentionMs }: Rules): SessionStore {
  return {
    ...sessions,
    saveUser: (user, state, baseVersion, expiresAtMs) => {
      const soonerMs = state.open.length === 0 ? expiresAtMs - resultRetentionMs : expiresAtMs
      return sessions.saveUser(user, state, baseVersion, soonerMs)
    },
  }
}

/**
 * `row-delete`: deletes rows. A function that outlived its timeout can then write a removed row
 * again, after the step that removed it.
 */
export function deletingRows<R extends Pick<ResultStore, 'remove'>>(results: R, rows: MemoryResultStore): R {
  return {
    ...results,
    remove: async (row, expiresAtMs) => {
      await results.remove(row, expiresAtMs)
      rows.expireTombstone(JSON.stringify([row.pk, row.sk]))
    },
  }
}

/**
 * `parallel-batch`: records the batch's last record as progress, whichever record is applied first.
 * If another record of the batch fails, the horizon passes it all the same. The sweeper then closes
 * the session that it belongs to.
 */
export function recordingLast(progress: ShardProgress, batch: NonEmpty<ArrivedRecord>): ShardProgress {
  const last = lastOf(batch)
  return { ...progress, record: (shardId) => progress.record(shardId, last.sequenceNumber, last.arrivalMs) }
}
