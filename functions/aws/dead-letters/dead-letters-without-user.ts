// Removes one user's events from the text of an object of the dead-letter bucket.

import { REJECTED_PREFIX } from '../../contract.ts'
import { isNamed } from '../../domain/events/named-users.ts'
import type { DeadLetter } from '../../ports.ts'
import { userPartition } from '../runtime/table-items.ts'
import { unpackRecord } from '../stream/record-events.ts'
import { type FailedRecord, readFailedBatch } from './failed-batch.ts'
import { decodeRejectedLine, encodeRejectedLine, rejectedLines, rejectedText } from './rejected-line.ts'

export interface RemainingDeadLetters {
  /** The object's new text; null when nothing remains. */
  readonly text: string | null
  /** How many events and records of the user are gone. */
  readonly removed: number
  /**
   * How many of the remaining lines or records cannot be read, so that they may still hold events
   * of the user.
   */
  readonly unreadable: number
}

/** The user to erase, and the arrival time up to which to erase. */
export interface Erasure {
  /** As producers send it. */
  readonly user: string
  /** As the tables store it: the user's pseudonym, if the pipeline has pseudonyms. */
  readonly storedAs: string
  /** Inclusive. */
  readonly atMs: number
}

/** The outcome for one line or record. */
interface Outcome<T> {
  /** The line or record without the user's events; null when nothing remains of it. */
  readonly rest: T | null
  readonly removed: number
  readonly isUnreadable: boolean
}

const unchanged = <T>(rest: T): Outcome<T> => ({ rest, removed: 0, isUnreadable: false })
const unreadable = <T>(rest: T): Outcome<T> => ({ rest, removed: 0, isUnreadable: true })
const ERASED = { rest: null, removed: 1, isUnreadable: false }

/** Replaces a partition key that was the user's id. */
const FORGOTTEN_KEY = 'forgotten'

export function withoutUser(key: string, text: string, erasure: Erasure): RemainingDeadLetters {
  if (key.startsWith(REJECTED_PREFIX)) {
    const { rest, ...counts } = eraseAll(rejectedLines(text), (line) => eraseLine(line, erasure))
    return { text: rest.length === 0 ? null : rejectedText(rest), ...counts }
  }
  const batch = readFailedBatch(text)
  if (batch === null) {
    return isNamed(erasure.user, text) ? { text: null, removed: 1, unreadable: 0 } : { text, removed: 0, unreadable: 1 }
  }
  const { rest, ...counts } = eraseAll(batch.records, (record) => eraseRecord(record, erasure))
  return { text: rest.length === 0 ? null : batch.withRecords(rest), ...counts }
}

function eraseAll<T>(all: readonly T[], erase: (one: T) => Outcome<T>) {
  const outcomes = all.map(erase)
  return {
    rest: outcomes.flatMap(({ rest }) => (rest === null ? [] : [rest])),
    removed: outcomes.reduce((sum, { removed }) => sum + removed, 0),
    unreadable: outcomes.filter(({ isUnreadable }) => isUnreadable).length,
  }
}

function eraseLine(line: string, { user, storedAs, atMs }: Erasure): Outcome<string> {
  const deadLetter = readLine(line)
  if (deadLetter === null) return isNamed(user, line) ? ERASED : unreadable(line)
  if (deadLetter.arrivalMs > atMs) return unchanged(line)
  // A copy that left its session names its user as the tables do.
  const { rest, ...counts } = eraseData(deadLetter.data, deadLetter.subSequence, user, storedAs)
  if (rest === null) return { rest, ...counts }
  return { rest: counts.removed === 0 ? line : encodeRejectedLine({ ...deadLetter, data: rest }), ...counts }
}

function readLine(line: string): DeadLetter | null {
  try {
    return decodeRejectedLine(line)
  } catch {
    return null
  }
}

function eraseRecord(record: FailedRecord, { user, storedAs, atMs }: Erasure): Outcome<FailedRecord> {
  const { kinesis, dynamodb } = record
  if (kinesis !== undefined) {
    if (kinesis.approximateArrivalTimestamp * 1000 > atMs) return unchanged(record)
    const { rest, ...counts } = eraseData(kinesis.data, null, user)
    const isKeyed = kinesis.partitionKey === user
    if (rest === null || (counts.isUnreadable && isKeyed)) return ERASED
    const partitionKey = isKeyed ? FORGOTTEN_KEY : kinesis.partitionKey
    return { rest: { ...record, kinesis: { ...kinesis, partitionKey, data: rest } }, ...counts }
  }
  const partition = dynamodb?.Keys?.pk?.S
  if (partition === undefined) return unreadable(record)
  const isLater = (dynamodb?.ApproximateCreationDateTime ?? 0) * 1000 > atMs
  return partition === userPartition(storedAs) && !isLater ? ERASED : unchanged(record)
}

/**
 * Removes the user's events from a record's data, in base64, which may hold events of several
 * users. A record that loses events becomes a list of the others, one on each line.
 */
function eraseData(data: string, subSequence: number | null, ...users: readonly string[]): Outcome<string> {
  const events = unpackRecord({ data, subSequence }).events.map((event) => {
    const text = Buffer.from(event.data(), 'base64').toString('utf8')
    return { text, isOfUser: users.some((user) => isNamed(user, text)), isReadable: event.read().ok }
  })
  const others = events.filter(({ isOfUser }) => !isOfUser)
  const removed = events.length - others.length
  if (removed === 0) return events.every(({ isReadable }) => isReadable) ? unchanged(data) : unreadable(data)
  // A line break inside an event's JSON is only white space.
  const lines = others.map(({ text }) => text.replace(/[\r\n]+/g, ' '))
  const rest = others.length === 0 ? null : Buffer.from(lines.join('\n')).toString('base64')
  return { rest, removed, isUnreadable: others.some(({ isReadable }) => !isReadable) }
}
