// Gathers events into the records of one request: one record for each user, in order.

import type { PutRecordsRequestEntry } from '@aws-sdk/client-kinesis'
import { RECORD_BYTES_MAX, REQUEST_BYTES_MAX, REQUEST_RECORDS_MAX } from './put-records.ts'

/** Far fewer than ingest accepts in a record, so that few events fail together. */
const RECORD_EVENTS_MAX = 500

/** A record and the events in it. */
export interface BatchRecord<T> {
  readonly record: PutRecordsRequestEntry
  readonly events: readonly T[]
}

export interface UserBatch<T> {
  /** Returns false where the event does not fit in the request or in the user's record. */
  add(user: string, text: string, event: T): boolean
  records(): BatchRecord<T>[]
}

interface UserRecord<T> {
  readonly texts: string[]
  readonly events: T[]
  bytes: number
}

/** The bytes of a record with only this event, including its key. */
export function recordBytes(user: string, text: string): number {
  return Buffer.byteLength(user) + Buffer.byteLength(text)
}

/**
 * A user's events share a record, so Kinesis cannot throttle one of them and accept a later one. It
 * also saves records, of which a shard accepts 1,000 a second.
 */
export function userBatch<T>(): UserBatch<T> {
  const byUser = new Map<string, UserRecord<T>>()
  let bytes = 0
  return {
    add: (user, text, event) => {
      const found = byUser.get(user)
      // Each event after the first adds a comma, and the first adds the brackets.
      const more = found === undefined ? recordBytes(user, text) + 2 : Buffer.byteLength(text) + 1
      if (found === undefined && byUser.size === REQUEST_RECORDS_MAX) return false
      if (found !== undefined && found.events.length === RECORD_EVENTS_MAX) return false
      if (found !== undefined && found.bytes + more > RECORD_BYTES_MAX) return false
      if (bytes + more > REQUEST_BYTES_MAX) return false
      const record = found ?? { texts: [], events: [], bytes: 0 }
      record.texts.push(text)
      record.events.push(event)
      record.bytes += more
      bytes += more
      byUser.set(user, record)
      return true
    },
    records: () =>
      [...byUser].map(([user, { texts, events }]) => {
        const [only = ''] = texts
        const data = texts.length === 1 ? only : `[${texts.join(',')}]`
        return { record: { PartitionKey: user, Data: Buffer.from(data) }, events }
      }),
  }
}
