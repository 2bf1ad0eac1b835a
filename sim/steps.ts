// Invokes the real ingest, finalize and sweep on the simulated stores, and reports what they write
// to the watch.

import { sha256 } from '../functions/aws/runtime/digest.ts'
import { type HorizonPorts, kinesisHorizon } from '../functions/aws/stream/kinesis-horizon.ts'
import { unpackRecord } from '../functions/aws/stream/record-events.ts'
import { MINUTE_MS } from '../functions/domain/durations.ts'
import type { NonEmpty } from '../functions/domain/non-empty.ts'
import { type FinalizePorts, finalize } from '../functions/finalize/finalize.ts'
import { type IngestPorts, ingest } from '../functions/ingest/ingest.ts'
import type { ArrivedRecord, ClosedChange, Horizon, SessionStore, ShardProgress } from '../functions/ports.ts'
import { sweep } from '../functions/sweep/sweep.ts'
import {
  deletingRows,
  exactArrival,
  firstCopies,
  forgettingEmpty,
  pageFirst,
  recordingLast,
  recordsAfter,
  savingAtEnd,
  shortLived,
  timerLast,
  unconditional,
  wallClock,
} from './controls.ts'
import { faultyDirtyHours, faultyRows, faultySessions, faultyTimers } from './faulty-stores.ts'
import { simulatedKinesis } from './kinesis-client.ts'
import type { Reply } from './poller.ts'
import type { Stores } from './stores.ts'
import type { Stream } from './stream.ts'
import type { Watch } from './watch.ts'
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
  return invoke(world, async (invocation) => {
    const nowMs = world.time.nowMs()
    const ports = ingestPorts(wiring, invocation, progress, notBeforeMs(batch, stores, progress, nowMs))
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
  const sessions = sessionsOf(wiring, invocation)
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
    sessions: control === 'blind-append' ? unconditional(watched) : watched,
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

export function deliverChanges(batch: readonly ClosedChange[], wiring: Wiring): Promise<Outcome<Reply>> {
  const { world, stores, watch, rules, control } = wiring
  return invoke(world, async (invocation) => {
    const results: FinalizePorts['results'] = {
      ...faultyRows(stores, invocation),
      put: (row, expiresAtMs) => {
        const publish = async (): Promise<void> => {
          const key = JSON.stringify([row.pk, row.sk])
          const before = stores.results.rows.get(key)
          await stores.results.put(row, expiresAtMs)
          watch.replaces(before, stores.results.rows.get(key) ?? row)
        }
        const what = `publishes ${row.sk} version ${row.version}`
        const lateMs = world.lateWriteMs()
        if (lateMs === null) return invocation.call(what, row.user, publish)
        world.time.at(world.time.nowMs() + lateMs, () => {
          world.trace.add(world.time.nowMs(), row.user, `${what}, late`)
          void publish()
        })
        // No answer comes before the timeout.
        return new Promise(() => {})
      },
    }
    const report = await finalize(
      batch,
      {
        sessions: faultySessions(stores, invocation),
        results: control === 'row-delete' ? deletingRows(results, stores.results) : results,
        dirtyHours: faultyDirtyHours(stores, invocation),
        digest: sha256,
        hasTime: invocation.hasTime,
      },
      rules,
      world.time.nowMs(),
    )
    return report.failed?.sequenceNumber ?? null
  })
}

export function sweepOnce(wiring: Wiring, stream: Stream, sweepEveryMs: number): Promise<Outcome<null>> {
  const { world, stores, watch, rules, control } = wiring
  return invoke(world, async (invocation) => {
    const sessions = watchedClosing(sessionsOf(wiring, invocation), wiring)
    const timers = faultyTimers(stores, invocation)
    const kinesis = simulatedKinesis(stream, invocation, world)
    const horizonPorts: HorizonPorts = {
      loadProgress: stores.progress.loadProgress,
      recordEmpty: (shardId, ...rest) =>
        invocation.call(`records how far ${shardId} is empty`, null, () =>
          stores.progress.recordEmpty(shardId, ...rest),
        ),
      nowMs: world.time.nowMs,
      wait: world.time.wait,
    }
    const horizon = kinesisHorizon(
      kinesis,
      'stream',
      control === 'forgetful-horizon' ? forgettingEmpty(horizonPorts) : horizonPorts,
      givenUpAfterMs(wiring.recordAgeMsMax),
    )
    const wrongHorizon = control === 'exact-arrival' ? exactArrival(horizon) : wallClock
    const isWrong = control === 'exact-arrival' || control === 'wall-clock-sweep'
    const ports = {
      sessions,
      timers: control === 'page-first' ? pageFirst(timers) : timers,
      horizon: watchedHorizon(isWrong ? wrongHorizon : horizon, watch),
      hasTime: invocation.hasTime,
      ...(control === 'closings-at-end' && savingAtEnd(sessions, horizon, rules)),
    }
    const before = new Map(stores.sessions.states)
    const report = await sweep({ drain: false }, ports, { rules, sweepEveryMs }, world.time.nowMs())
    if (report.failed !== null) throw report.failed.cause
    if (!report.isUnfinished) watch.wasSwept(before, stores.sessions.states, report.horizonMs)
    return null
  })
}

function watchedHorizon(horizon: Horizon, watch: Watch): Horizon {
  return {
    readUpTo: async (nowMs) => {
      const horizonMs = await horizon.readUpTo(nowMs)
      watch.wasRead(horizonMs, nowMs)
      return horizonMs
    },
  }
}

function sessionsOf({ stores, rules, control }: Wiring, invocation: Invocation): SessionStore {
  const sessions = faultySessions(stores, invocation)
  return control === 'short-lived-version' ? shortLived(sessions, rules) : sessions
}

/** Reports each closing to the watch before it takes effect. */
function watchedClosing(sessions: SessionStore, { world, stores, watch }: Wiring): SessionStore {
  return {
    ...sessions,
    putClosed: (closed, expiresAtMs) => {
      watch.closes(closed, stores.sessions.states.get(closed.user)?.skewMs ?? null, world.time.nowMs())
      return sessions.putClosed(closed, expiresAtMs)
    },
  }
}
