// Applies the records of one shard's batch to their users' sessions, and stores what it must reject
// as dead letters.

import pMap from 'p-map'
import type { Metrics } from '../contract.ts'
import type { Rules } from '../domain/sessions/rules.ts'
import { totalBytesAtMost } from '../domain/sessions/state-size.ts'
import { NEW_USER } from '../domain/sessions/user-state.ts'
import type {
  ArrivedRecord,
  DeadLetter,
  DeadLetterReason,
  DeadLetters,
  SessionStore,
  ShardProgress,
  TimerStore,
} from '../ports.ts'
import { sessionWrites } from '../user-writes.ts'
import { appendForUser, prepareShare } from './append-for-user.ts'
import {
  type DecodedBatch,
  type DecodePorts,
  decodeRecords,
  type IgnoredCounts,
  type NearMissCounts,
} from './decode-records.ts'
import { dropForgotten } from './drop-forgotten.ts'
import { loadReadable } from './load-readable.ts'
import type { Recall } from './remember-states.ts'
import { notBefore, scheduleTimers } from './schedule-timers.ts'
import { leftOutcome, type UserOutcome } from './user-outcome.ts'
import { type UserShare, userShare } from './user-share.ts'

export interface IngestPorts extends DecodePorts {
  readonly sessions: SessionStore
  /** Returns the states that a batch begins from. Without it, ingest reads them consistently. */
  readonly recall?: Recall
  readonly timers: Pick<TimerStore, 'put'>
  readonly deadLetters: DeadLetters
  readonly progress: ShardProgress
  /** Returns false when the time for this batch is up; Lambda redelivers the rest. */
  readonly hasTime: () => boolean
}

/** The counts of one batch, as the function's log line prints them. */
export interface IngestReport {
  /** Records that the batch decoded. */
  readonly records: number
  /** Records beyond what one invocation can hold; Lambda redelivers them. */
  readonly left: number
  readonly accepted: number
  readonly duplicates: number
  readonly rejected: Readonly<Partial<Record<DeadLetterReason, number>>>
  /** Documents of another format that hold nothing this pipeline counts, such as impressions. */
  readonly ignored: IgnoredCounts
  readonly nearMisses: NearMissCounts
  /** Events and rejected records that ingest dropped because their user is forgotten. */
  readonly forgotten: number
  /** Closed sessions that events of the batch opened again. */
  readonly amended: number
  /** Writes that ran again after a conflict. */
  readonly conflicts: number
  /**
   * The first record that is not durably applied; Lambda must redeliver it and all after it.
   * The cause is null when nothing failed: these are the records `left`, or the time was up.
   */
  readonly failed: { readonly sequenceNumber: string; readonly cause: unknown } | null
}

/**
 * Users written at the same time, in two batches. The writes of one user follow each other.
 */
const USERS_AT_ONCE = 50
/** Users whose states one read loads. All of them may be full. */
const USERS_LOADED_AT_ONCE = 50
/** Bytes of open sessions after which ingest writes the users it has loaded, and frees them. */
export const WAVE_BYTES_MAX = 8 * 1024 * 1024

/**
 * Applies records that are in the shard's order. Idempotent: to apply a record again changes
 * nothing.
 *
 * Throws when it cannot load users, put the first timers or record the progress. Lambda then
 * redelivers the whole batch. `failed` reports any other failure.
 */
export async function ingest(
  records: readonly ArrivedRecord[],
  ports: IngestPorts,
  rules: Rules,
  nowMs: number,
): Promise<IngestReport> {
  const { byUser, unreadable, ignored, nearMisses, taken } = decodeRecords(records, ports, rules)
  const remembered = await dropForgotten(unreadable, ports)
  const outcomes = await appendAll(records, byUser, ports, rules, nowMs)
  const deadLetters = [...remembered, ...outcomes.flatMap((outcome) => outcome.rejected)]
  const failures = outcomes.flatMap((outcome) => outcome.failed ?? [])
  const unstored = await putDeadLetters(deadLetters, records, ports.deadLetters)
  const left = taken < records.length ? [{ index: taken, cause: null }] : []
  const failed = [...failures, ...unstored, ...left].sort((a, b) => a.index - b.index)[0] ?? null
  const durable = records[(failed?.index ?? records.length) - 1]
  if (durable !== undefined) {
    await ports.progress.record(durable.shardId, durable.sequenceNumber, durable.arrivalMs)
  }
  const sum = (count: (outcome: UserOutcome) => number): number =>
    outcomes.reduce((total, outcome) => total + count(outcome), 0)
  return {
    records: taken,
    left: records.length - taken,
    accepted: sum((outcome) => outcome.accepted),
    duplicates: sum((outcome) => outcome.duplicates),
    rejected: countReasons(
      deadLetters,
      sum((outcome) => outcome.displaced),
    ),
    ignored,
    nearMisses,
    forgotten: unreadable.length - remembered.length + sum((outcome) => outcome.forgotten),
    amended: sum((outcome) => outcome.amended),
    conflicts: sum((outcome) => outcome.conflicts),
    failed: failed && { sequenceNumber: (records[failed.index] as ArrivedRecord).sequenceNumber, cause: failed.cause },
  }
}

/** Loads users a few at a time, and writes them in waves. Nearly every batch is one wave. */
async function appendAll(
  [first]: readonly ArrivedRecord[],
  byUser: DecodedBatch['byUser'],
  ports: IngestPorts,
  rules: Rules,
  nowMs: number,
): Promise<UserOutcome[]> {
  if (first === undefined || byUser.size === 0) return []
  const outcomes: UserOutcome[] = []
  // This comes before the first state is recalled, as `rememberStates` needs it.
  const isPassed = await ports.progress.isPassed(first.shardId, first.sequenceNumber)
  const notBeforeMs = notBefore(isPassed, nowMs)
  const loadUsers = ports.recall ?? ports.sessions.loadUsers
  let wave: UserShare[] = []
  let bytes = 0
  const users = [...byUser]
  for (let start = 0; start < users.length; start += USERS_LOADED_AT_ONCE) {
    const some = users.slice(start, start + USERS_LOADED_AT_ONCE)
    if (!ports.hasTime()) {
      outcomes.push(...some.map(([, arrivals]) => leftOutcome(arrivals)))
      continue
    }
    const names = some.map(([user]) => user)
    const states = await loadReadable(names, { loadUsers })
    for (const [user, arrivals] of some) {
      const writes = sessionWrites(user, ports.sessions, rules, nowMs, ports.hasTime)
      const share = userShare(writes, states.get(user) ?? NEW_USER, arrivals, notBeforeMs, nowMs)
      wave.push(share)
      bytes += totalBytesAtMost(share.loaded.open)
    }
    if (bytes <= WAVE_BYTES_MAX) continue
    outcomes.push(...(await appendWave(wave, ports)))
    wave = []
    bytes = 0
  }
  return [...outcomes, ...(await appendWave(wave, ports))]
}

/**
 * Puts all timers before it writes any state: a stored state without a timer would never close. A
 * timer whose state is not written after all costs one read when it fires.
 */
async function appendWave(shares: readonly UserShare[], ports: IngestPorts): Promise<UserOutcome[]> {
  const prepared = await pMap(shares, prepareShare, { concurrency: USERS_AT_ONCE })
  await scheduleTimers(prepared, ports.timers)
  return pMap(prepared, (share) => appendForUser(share, ports), { concurrency: USERS_AT_ONCE })
}

/**
 * Returns the failure, if there is one, at the first record whose dead letter may not be stored.
 */
async function putDeadLetters(
  deadLetters: readonly DeadLetter[],
  records: readonly ArrivedRecord[],
  store: DeadLetters,
): Promise<{ index: number; cause: unknown }[]> {
  if (deadLetters.length === 0) return []
  try {
    await store.put(deadLetters)
    return []
  } catch (cause) {
    const unstored = new Set(deadLetters.map(({ sequenceNumber }) => sequenceNumber))
    return [{ index: records.findIndex(({ sequenceNumber }) => unstored.has(sequenceNumber)), cause }]
  }
}

function countReasons(
  deadLetters: readonly DeadLetter[],
  displaced: number,
): Partial<Record<DeadLetterReason, number>> {
  const counts: Partial<Record<DeadLetterReason, number>> = displaced === 0 ? {} : { 'id-reused': displaced }
  for (const { reason } of deadLetters) counts[reason] = (counts[reason] ?? 0) + 1
  return counts
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

/**
 * Counts late events apart from rejected ones: they are valid and only came too late. Events of a
 * user whose state is damaged are valid, too. Two reasons of rejected events have metrics of their
 * own, since they show a mistake that a release of a producer brought.
 */
export function ingestMetrics(report: IngestReport): Metrics {
  const { late = 0, 'too-late': tooLate = 0, 'unreadable-state': unreadable = 0, ...rejected } = report.rejected
  return {
    Accepted: report.accepted,
    Duplicates: report.duplicates,
    Rejected: total(rejected),
    TimeImplausible: rejected['time-implausible'] ?? 0,
    IdReused: rejected['id-reused'] ?? 0,
    NearMisses: total(report.nearMisses),
    Late: late + tooLate,
    Unreadable: unreadable,
    Conflicts: report.conflicts,
    IngestFailures: (report.failed?.cause ?? null) === null ? 0 : 1,
  }
}
