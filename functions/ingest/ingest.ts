// Ingest: the records of one shard's batch in, appended to their users' open sessions; what cannot be read is kept aside.

import pMap from 'p-map'
import { decodeEvent, type RejectReason } from '../domain/decode.ts'
import type { Arrival, Digest } from '../domain/event.ts'
import type { Rules } from '../domain/rules.ts'
import type { ArrivedRecord, DeadLetter, DeadLetters, SessionStore, ShardProgress } from '../ports.ts'
import { appendForUser, type UserOutcome } from './append-for-user.ts'
import { lettersToKeep } from './forgotten-letters.ts'

export interface IngestPorts {
  readonly sessions: SessionStore
  readonly deadLetters: DeadLetters
  readonly progress: ShardProgress
  readonly digest: Digest
}

export interface IngestReport {
  readonly records: number
  readonly accepted: number
  readonly duplicates: number
  readonly rejected: Readonly<Partial<Record<RejectReason, number>>>
  /** Dropped, since whoever they are of is forgotten. */
  readonly forgotten: number
  readonly amended: number
  readonly conflicts: number
  /** The first record that is not durably applied: it and all after it have to come again. */
  readonly failed: { readonly sequenceNumber: string; readonly cause: unknown } | null
}

/** An arrival that remembers its record. */
export interface ArrivedEvent extends Arrival {
  readonly record: ArrivedRecord
  /** Place of the record in the batch. */
  readonly index: number
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
  const { byUser, letters: unread } = decodeRecords(records, ports, rules)
  const letters = await lettersToKeep(unread, ports.sessions)
  const dropped = unread.length - letters.length
  const outcomes = await appendAll(byUser, ports, rules, nowMs)
  letters.push(...outcomes.flatMap((outcome) => outcome.refused))
  const failures = outcomes.flatMap((outcome) => outcome.failed ?? [])
  const unkept = await keep(letters, records, ports.deadLetters)
  const failed = [...failures, ...unkept].sort((a, b) => a.index - b.index)[0] ?? null
  const durable = records[(failed?.index ?? records.length) - 1]
  if (durable !== undefined) {
    await ports.progress.record(durable.shardId, durable.sequenceNumber, durable.arrivalMs)
  }
  const sum = (count: (outcome: UserOutcome) => number): number =>
    outcomes.reduce((total, outcome) => total + count(outcome), 0)
  return {
    records: records.length,
    accepted: sum((outcome) => outcome.accepted),
    duplicates: sum((outcome) => outcome.duplicates),
    rejected: countReasons(letters),
    forgotten: dropped + sum((outcome) => outcome.forgotten),
    amended: sum((outcome) => outcome.amended),
    conflicts: sum((outcome) => outcome.conflicts),
    failed: failed && { sequenceNumber: (records[failed.index] as ArrivedRecord).sequenceNumber, cause: failed.cause },
  }
}

interface DecodedBatch {
  readonly byUser: ReadonlyMap<string, ArrivedEvent[]>
  readonly letters: DeadLetter[]
}

function decodeRecords(records: readonly ArrivedRecord[], ports: IngestPorts, rules: Rules): DecodedBatch {
  const byUser = new Map<string, ArrivedEvent[]>()
  const letters: DeadLetter[] = []
  for (const [index, record] of records.entries()) {
    const decoded =
      record.text === null
        ? { ok: false as const, reason: 'not-json' as const, detail: 'not UTF-8' }
        : decodeEvent(record.text, record.arrivalMs, rules.maxClockSkewMs, ports.digest)
    if (!decoded.ok) {
      letters.push(deadLetter(record, decoded.reason, decoded.detail))
      continue
    }
    const arrivals = byUser.get(decoded.user) ?? []
    arrivals.push({ event: decoded.event, arrivalMs: record.arrivalMs, record, index })
    byUser.set(decoded.user, arrivals)
  }
  return { byUser, letters }
}

export function deadLetter(record: ArrivedRecord, reason: RejectReason, detail: string): DeadLetter {
  const { shardId, sequenceNumber, arrivalMs, data } = record
  return { reason, detail, shardId, sequenceNumber, arrivalMs, data }
}

async function appendAll(
  byUser: DecodedBatch['byUser'],
  ports: IngestPorts,
  rules: Rules,
  nowMs: number,
): Promise<UserOutcome[]> {
  if (byUser.size === 0) return []
  const states = await ports.sessions.loadUsers([...byUser.keys()])
  return pMap(
    byUser,
    ([user, arrivals]) => appendForUser(user, states.get(user), arrivals, ports.sessions, rules, nowMs),
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
