// Ingest: the records of one shard's batch in, their events appended to the users' open sessions; what cannot be read is kept aside.

import pMap from 'p-map'
import type { RejectReason } from '../domain/events/decode.ts'
import type { Digest } from '../domain/events/event.ts'
import type { Rules } from '../domain/sessions/rules.ts'
import type {
  ArrivedRecord,
  DeadLetter,
  DeadLetters,
  RecordEvents,
  SessionStore,
  ShardProgress,
  TimerStore,
} from '../ports.ts'
import { appendForUser, type UserOutcome } from './append-for-user.ts'
import { type DecodedBatch, decodeRecords } from './decode-records.ts'
import { dropForgotten } from './drop-forgotten.ts'
import { notBefore, scheduleTimers } from './schedule-timers.ts'

export interface IngestPorts {
  readonly sessions: SessionStore
  readonly timers: Pick<TimerStore, 'put'>
  readonly deadLetters: DeadLetters
  readonly progress: ShardProgress
  readonly digest: Digest
  /** What a user is stored as. The same user is always the same. */
  readonly pseudonym: (user: string) => string
  /** Bounded for one record, whatever it holds. */
  readonly unpack: (record: ArrivedRecord) => RecordEvents
}

export interface IngestReport {
  /** Those that were taken. */
  readonly records: number
  /** Records that were more than one batch may take: they come again. */
  readonly left: number
  readonly accepted: number
  readonly duplicates: number
  readonly rejected: Readonly<Partial<Record<RejectReason, number>>>
  /** Documents of another format that say nothing that is counted here, such as impressions. */
  readonly ignored: number
  /** Dropped, since whoever they are of is forgotten. */
  readonly forgotten: number
  readonly amended: number
  readonly conflicts: number
  /**
   * The first record that is not durably applied: it and all after it have to come again. The cause is null where that
   * is no failure but what was left.
   */
  readonly failed: { readonly sequenceNumber: string; readonly cause: unknown } | null
}

/** Users written at the same time. One user's writes follow each other. */
const USERS_AT_ONCE = 32

/** The records of a batch in order. Applying a record again changes nothing. */
export async function ingest(
  records: readonly ArrivedRecord[],
  ports: IngestPorts,
  rules: Rules,
  nowMs: number,
): Promise<IngestReport> {
  const { byUser, unreadable: unread, ignored, taken } = decodeRecords(records, ports, rules)
  const unreadable = await dropForgotten(unread, ports)
  const dropped = unread.length - unreadable.length
  const outcomes = await appendAll(records, byUser, ports, rules, nowMs)
  const letters = [...unreadable, ...outcomes.flatMap((outcome) => outcome.refused)]
  const failures = outcomes.flatMap((outcome) => outcome.failed ?? [])
  const unkept = await keep(letters, records, ports.deadLetters)
  const left = taken < records.length ? [{ index: taken, cause: null }] : []
  const failed = [...failures, ...unkept, ...left].sort((a, b) => a.index - b.index)[0] ?? null
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
    rejected: countReasons(letters),
    ignored,
    forgotten: dropped + sum((outcome) => outcome.forgotten),
    amended: sum((outcome) => outcome.amended),
    conflicts: sum((outcome) => outcome.conflicts),
    failed: failed && { sequenceNumber: (records[failed.index] as ArrivedRecord).sequenceNumber, cause: failed.cause },
  }
}

async function appendAll(
  [first]: readonly ArrivedRecord[],
  byUser: DecodedBatch['byUser'],
  ports: IngestPorts,
  rules: Rules,
  nowMs: number,
): Promise<UserOutcome[]> {
  if (first === undefined || byUser.size === 0) return []
  const [states, isPassed] = await Promise.all([
    ports.sessions.loadUsers([...byUser.keys()]),
    ports.progress.isPassed(first.shardId, first.sequenceNumber),
  ])
  const notBeforeMs = notBefore(isPassed, nowMs)
  const looks = await scheduleTimers(byUser, states, ports.timers, rules, notBeforeMs)
  return pMap(
    byUser,
    ([user, arrivals]) => {
      const timerMs = looks.get(user) ?? Number.POSITIVE_INFINITY
      const share = { user, loaded: states.get(user), arrivals, timerMs, notBeforeMs }
      return appendForUser(share, ports, rules, nowMs)
    },
    { concurrency: USERS_AT_ONCE },
  )
}

async function keep(
  letters: readonly DeadLetter[],
  records: readonly ArrivedRecord[],
  deadLetters: DeadLetters,
): Promise<{ index: number; cause: unknown }[]> {
  if (letters.length === 0) return []
  try {
    await deadLetters.put(letters)
    return []
  } catch (cause) {
    const unkept = new Set(letters.map((letter) => letter.sequenceNumber))
    return [{ index: records.findIndex((record) => unkept.has(record.sequenceNumber)), cause }]
  }
}

function countReasons(letters: readonly DeadLetter[]): Partial<Record<RejectReason, number>> {
  const counts: Partial<Record<RejectReason, number>> = {}
  for (const { reason } of letters) counts[reason] = (counts[reason] ?? 0) + 1
  return counts
}
