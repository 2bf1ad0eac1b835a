// Invokes the real ingest on a batch of records, and reports what it writes to the watch.

import { sha256 } from '../functions/aws/runtime/digest.ts'
import { unpackRecord } from '../functions/aws/stream/record-events.ts'
import { MINUTE_MS } from '../functions/domain/durations.ts'
import type { NonEmpty } from '../functions/domain/non-empty.ts'
import { type IngestPorts, ingest } from '../functions/ingest/ingest.ts'
import { type Recall, rememberStates, type StateMemory } from '../functions/ingest/remember-states.ts'
import type { ArrivedRecord, SessionStore, ShardProgress } from '../functions/ports.ts'
import { firstCopies, recordingLast, recordsAfter, timerLast, unconditional } from './controls.ts'
import { faultyTimers } from './faulty-stores.ts'
import { functionSessions, watchedClosing } from './function-stores.ts'
import type { Reply } from './poller.ts'
import type { Stores } from './stores.ts'
import type { Wiring } from './wiring.ts'
import { type Invocation, invoke, type Outcome } from './world.ts'

/** The last try of a batch may begin just before its records are too old. It takes no longer. */
const LAST_TRY_MS = 15 * MINUTE_MS

/** Returns the age from which on no try of a record is under way any more. */
export function givenUpAfterMs(recordAgeMsMax: number): number {
  return recordAgeMsMax + LAST_TRY_MS
}

/** @param progress null for a redriven batch, which must not move the progress of its shard. */
export function deliverRecords(
  batch: NonEmpty<ArrivedRecord>,
  wiring: Wiring,
  progress: Stores['progress'] | null,
): Promise<Outcome<Reply>> {
  const { world, stores, rules, control } = wiring
  const deliver = (memory: StateMemory | null) =>
    invoke(world, async (invocation) => {
      const nowMs = world.time.nowMs()
      const forgetful = ingestPorts(wiring, invocation, progress, notBeforeMs(batch, stores, progress, nowMs))
      const ports = memory === null ? forgetful : remembering(forgetful, memory, progress === null, wiring, invocation)
      if (control === 'parallel-batch') {
        const parallel = { ...ports, progress: recordingLast(ports.progress, batch) }
        const reports = await Promise.all(batch.map((record) => ingest([record], parallel, rules, nowMs)))
        return reports.find(({ failed }) => failed !== null)?.failed?.sequenceNumber ?? null
      }
      const applied = stores.progress.load(batch[0].shardId)?.sequenceNumber
      const records = control === 'dedupe-by-sequence' ? recordsAfter(batch, applied) : batch
      const report = await ingest(records, ports, rules, nowMs)
      return report.failed?.sequenceNumber ?? null
    })
  return wiring.processes.run(deliver)
}

/**
 * Returns the earliest time at which ingest lets a timer of the batch fire: just after the batch
 * arrived. Where the horizon may be past the batch already, it is when this invocation has ended.
 */
function notBeforeMs(
  batch: NonEmpty<ArrivedRecord>,
  stores: Stores,
  progress: ShardProgress | null,
  nowMs: number,
): number {
  const [first] = batch
  const applied = stores.progress.load(first.shardId)?.sequenceNumber
  const isPassed = progress === null || Number(applied ?? 0) >= Number(first.sequenceNumber)
  return isPassed ? nowMs + LAST_TRY_MS : Math.max(...batch.map(({ arrivalMs }) => arrivalMs)) + 1
}

function ingestPorts(
  wiring: Wiring,
  invocation: Invocation,
  progress: ShardProgress | null,
  notBeforeMs: number,
): IngestPorts {
  const { stores, watch, rules, control } = wiring
  const { call } = invocation
  const sessions = functionSessions(wiring, invocation)
  const watched: SessionStore = {
    // Only with `divert` must a session that ingest closes be complete: no late event amends it.
    ...(rules.lateEvents === 'divert' ? watchedClosing(sessions, wiring) : sessions),
    saveUser: async (user, state, baseVersion, expiresAtMs) => {
      // A save that fails may have taken effect, so the watch hears of it before.
      watch.mayBeSaved(user, state, notBeforeMs)
      await sessions.saveUser(user, state, baseVersion, expiresAtMs)
    },
  }
  const ports = {
    sessions: control === 'blind-append' || control === 'blind-memory' ? unconditional(watched) : watched,
    timers: faultyTimers(stores, invocation),
  }
  return {
    ...(control === 'timer-last' ? timerLast(ports.sessions, ports.timers) : ports),
    deadLetters: {
      put: (deadLetters) => {
        watch.mayBeRejected(deadLetters.map(({ sequenceNumber }) => sequenceNumber))
        return call(`rejects ${deadLetters.length}`, null, () => stores.deadLetters.put(deadLetters))
      },
    },
    progress: {
      isPassed: (shardId, sequenceNumber) =>
        call('reads the progress', null, async () =>
          progress === null ? true : progress.isPassed(shardId, sequenceNumber),
        ),
      record: async (shardId, sequenceNumber, arrivalMs) => {
        if (progress === null) return
        await call(`records that ${shardId} is applied to ${sequenceNumber}`, null, () =>
          progress.record(shardId, sequenceNumber, arrivalMs),
        )
      },
    },
    digest: sha256,
    pseudonym: (user) => user,
    unpack: control === 'first-copy-wins' ? firstCopies(unpackRecord, wiring.firstCopies) : unpackRecord,
    hasTime: invocation.hasTime,
  }
}

/** Eventually consistent reads trail by milliseconds as a rule. DynamoDB names no bound. */
const STALE_MS_MAX = 5 * MINUTE_MS

/** @param isRedriven true for a batch that must not move the progress of its shard. */
export function remembering(
  ports: IngestPorts,
  memory: StateMemory,
  isRedriven: boolean,
  { world, stores, rules, processes }: Wiring,
  { call }: Invocation,
): IngestPorts {
  const recall: Recall = (users) =>
    call(`reads ${users.length} users eventually`, null, async () => {
      const states = new Map(await stores.sessions.loadUsers(users))
      for (const user of users) {
        const replaced = stores.sessions.replaced.get(user)
        if (replaced === undefined || world.time.nowMs() - replaced.atMs > STALE_MS_MAX || !processes.isStale())
          continue
        if (replaced.state === undefined) states.delete(user)
        else states.set(user, replaced.state)
      }
      return states
    })
  const remembered = rememberStates({ ...ports, recall }, memory, rules, world.time.nowMs)
  return { ...ports, ...remembered, ...(isRedriven && { progress: ports.progress }) }
}
