// One request's worth of events: events in as they come, one record for each user out, with the user's events in order.

import type { PutRecordsRequestEntry } from '@aws-sdk/client-kinesis'
import { RECORD_BYTES_MAX, REQUEST_BYTES_MAX, REQUEST_RECORDS_MAX } from './put-records.ts'

/** Far fewer than ingest takes of one record; what fails together stays small. */
const RECORD_EVENTS_MAX = 500

/** A record, and what is in it. */
export interface BatchRecord<T> {
  readonly record: PutRecordsRequestEntry
  readonly events: readonly T[]
}

export interface UserBatch<T> {
  /** False where it would be too much for the request, or for the user's record. */
  add(user: string, text: string, event: T): boolean
  records(): BatchRecord<T>[]
}

interface Gathered<T> {
  readonly texts: string[]
  readonly events: T[]
  bytes: number
}

/** What a record weighs with this event alone in it: its key counts. */
export function recordBytes(user: string, text: string): number {
  return Buffer.byteLength(user) + Buffer.byteLength(text)
}

/**
 * A user's events share a record, so that none of them can be refused and sent again after a later one; and a record's
 * worth of a user is one less in a shard's thousand a second.
 */
export function userBatch<T>(): UserBatch<T> {
  const byUser = new Map<string, Gathered<T>>()
  let bytes = 0
  return {
    add: (user, text, event) => {
      const found = byUser.get(user)
      // With a comma and, once, the brackets.
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
