// The three steps as functions of the run: a batch, or a tick of the schedule, in; an invocation of the real step out.

import { sha256 } from '../functions/aws/runtime/digest.ts'
import { kinesisHorizon } from '../functions/aws/stream/kinesis-horizon.ts'
import { unpackRecord } from '../functions/aws/stream/record-events.ts'
import type { Rules } from '../functions/domain/sessions/rules.ts'
import { type FinalizePorts, finalize } from '../functions/finalize/finalize.ts'
import { type IngestPorts, ingest } from '../functions/ingest/ingest.ts'
import type { ArrivedRecord, ClosedChange, SessionStore, ShardProgress } from '../functions/ports.ts'
import { sweep } from '../functions/sweep/sweep.ts'
import { beyond, type Control, furthest, pageFirst, timerLast, unconditional, wallClock } from './controls.ts'
import { simulatedKinesis } from './kinesis-client.ts'
import type { Reply } from './poller.ts'
import { reachedDirtyHours } from './rollups.ts'
import { reachedSessions, reachedTimers, type Stores } from './stores.ts'
import type { Stream } from './stream.ts'
import type { Watch } from './watch.ts'
import { type Invocation, invoke, type Outcome, type World } from './world.ts'

export interface Wiring {
  readonly world: World
  readonly stores: Stores
  readonly watch: Watch
  readonly rules: Rules
  readonly control: Control | null
  /** Of a record that is still delivered. */
  readonly recordAgeMsMax: number
}

/** A last try may begin just before a record is too old, and take its time. */
const LAST_TRY_MS = 15 * 60 * 1000

export function givenUpAfterMs(recordAgeMsMax: number): number {
  return recordAgeMsMax + LAST_TRY_MS
}

const RESULT_RETENTION_MS = 400 * 24 * 60 * 60 * 1000

/** @param progress null for what is sent again after it was given up: it says nothing of how far its shard is read. */
export function deliverRecords(
  batch: readonly ArrivedRecord[],
  wiring: Wiring,
  progress: Stores['progress'] | null,
): Promise<Outcome<Reply>> {
  const { world, stores, rules, control } = wiring
  return invoke(world, async (invocation) => {
    const nowMs = world.time.nowMs()
    const ports = ingestPorts(wiring, invocation, progress, lookableMs(batch, stores, progress, nowMs))
    if (control === 'parallel-batch') {
      const parallel = { ...ports, progress: furthest(ports.progress, batch) }
      const reports = await Promise.all(batch.map((record) => ingest([record], parallel, rules, nowMs)))
      return reports.find(({ failed }) => failed !== null)?.failed?.sequenceNumber ?? null
    }
    const shardId = batch[0]?.shardId ?? ''
    const records =
      control === 'dedupe-by-sequence' ? beyond(batch, stores.progress.load(shardId)?.sequenceNumber) : batch
    const report = await ingest(records, ports, rules, nowMs)
    return report.failed?.sequenceNumber ?? null
  })
}

/** From when on the sweeper has to find what the batch makes due: at once, or, of records that come again, later. */
function lookableMs(
  batch: readonly ArrivedRecord[],
  stores: Stores,
  progress: ShardProgress | null,
  nowMs: number,
): number {
  const [first] = batch
  const read = first === undefined ? undefined : stores.progress.load(first.shardId)?.sequenceNumber
  const isAgain = progress === null || Number(read ?? 0) >= Number(first?.sequenceNumber)
  return isAgain ? nowMs + LAST_TRY_MS : Math.max(...batch.map(({ arrivalMs }) => arrivalMs)) + 1
}

function ingestPorts(
  wiring: Wiring,
  invocation: Invocation,
  progress: ShardProgress | null,
  notBeforeMs: number,
): IngestPorts {
  const { stores, watch, rules, control } = wiring
  const { call } = invocation
  const reached = reachedSessions(stores, { call, hasTime: () => true })
  const saving: SessionStore = {
    // What ingest closes may be amended, unless late events are diverted.
    ...(rules.lateEvents === 'divert' ? watchedClosing(reached, wiring) : reached),
    saveUser: async (user, state, baseVersion, expiresAtMs) => {
      // Before it is known to have succeeded: what may have been applied counts as applied.
      watch.mayBeSaved(user, state, notBeforeMs)
      await reached.saveUser(user, state, baseVersion, expiresAtMs)
    },
  }
  const ports = {
    sessions: control === 'blind-append' ? unconditional(saving) : saving,
    timers: reachedTimers(stores, invocation),
  }
  return {
    ...(control === 'timer-last' ? timerLast(ports.sessions, ports.timers) : ports),
    deadLetters: { put: (letters) => call(`refuses ${letters.length}`, null, () => stores.deadLetters.put(letters)) },
    progress: {
      isPassed: (shardId, sequenceNumber) =>
        call('looks how far it is read', null, async () =>
          progress === null ? true : progress.isPassed(shardId, sequenceNumber),
        ),
      record: async (shardId, sequenceNumber, arrivalMs) => {
        if (progress === null) return
        await call(`read ${shardId} to ${sequenceNumber}`, null, () =>
          progress.record(shardId, sequenceNumber, arrivalMs),
        )
      },
    },
    digest: sha256,
    pseudonym: (user) => user,
    unpack: unpackRecord,
  }
}

export function deliverChanges(batch: readonly ClosedChange[], wiring: Wiring): Promise<Outcome<Reply>> {
  const { world, stores, watch } = wiring
  return invoke(world, async (invocation) => {
    const { call } = invocation
    const results: FinalizePorts['results'] = {
      put: (row, expiresAtMs) =>
        call(`publishes ${row.sk} version ${row.version}`, row.user, () => {
          const before = stores.results.rows.get(JSON.stringify([row.pk, row.sk]))
          return stores.results.put(row, expiresAtMs).then(() => {
            const after = stores.results.rows.get(JSON.stringify([row.pk, row.sk])) ?? row
            watch.replaces(before, after)
          })
        }),
      remove: (row, olderThan) =>
        call(`removes ${row.sk} older than ${olderThan}`, row.user, () => stores.results.remove(row, olderThan)),
    }
    const sessions = reachedSessions(stores, invocation)
    const settings = { resultRetentionMs: RESULT_RETENTION_MS }
    const report = await finalize(
      batch,
      {
        sessions,
        results,
        dirtyHours: reachedDirtyHours(stores, invocation),
        digest: sha256,
        hasTime: invocation.hasTime,
      },
      settings,
      world.time.nowMs(),
    )
    return report.failed?.sequenceNumber ?? null
  })
}

export function sweepOnce(wiring: Wiring, stream: Stream, sweepEveryMs: number): Promise<Outcome<null>> {
  const { world, stores, watch, rules, control } = wiring
  return invoke(world, async (invocation) => {
    const sessions = watchedClosing(reachedSessions(stores, invocation), wiring)
    const timers = reachedTimers(stores, invocation)
    const kinesis = simulatedKinesis(stream, invocation, world)
    const horizon = kinesisHorizon(
      kinesis,
      'stream',
      async (shardId) => stores.progress.load(shardId),
      givenUpAfterMs(wiring.recordAgeMsMax),
    )
    const ports = {
      sessions,
      timers: control === 'page-first' ? pageFirst(timers) : timers,
      horizon: control === 'wall-clock-sweep' ? wallClock : horizon,
      hasTime: invocation.hasTime,
    }
    const found = new Map(stores.sessions.states)
    const report = await sweep({ drain: false }, ports, { rules, sweepEveryMs }, world.time.nowMs())
    if (report.failed !== null) throw report.failed.cause
    if (!report.isUnfinished) watch.wasSwept(found, stores.sessions.states, report.horizonMs)
    return null
  })
}

function watchedClosing(sessions: SessionStore, { world, stores, watch }: Wiring): SessionStore {
  return {
    ...sessions,
    putClosed: (closed, expiresAtMs) => {
      watch.closes(closed, stores.sessions.states.get(closed.user)?.skewMs ?? null, world.time.nowMs())
      return sessions.putClosed(closed, expiresAtMs)
    },
  }
}
