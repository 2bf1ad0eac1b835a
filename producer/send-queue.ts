// Stamped events in, one batch after the other out; what became of it is told to each event's sender.

import type { PutRecordsRequestEntry } from '@aws-sdk/client-kinesis'
import { RecordsNotPut } from './put-records.ts'
import { EventsNotSent } from './refusals.ts'
import type { Stamped } from './stamp.ts'
import { type BatchRecord, userBatch } from './user-batch.ts'

export interface SendQueue {
  hasRoom(): boolean
  /** Resolves when the event is in the stream; rejects with EventsNotSent. */
  enqueue(stamped: Stamped): Promise<void>
  /** Sends at once. Resolves when nothing waits any more. */
  flush(): Promise<void>
}

interface Queued extends Stamped {
  readonly resolve: () => void
  readonly reject: (error: EventsNotSent) => void
}

type Put = (records: readonly PutRecordsRequestEntry[]) => Promise<void>

/** At so many there is no point in waiting for more. */
const BATCH_EVENTS = 500

/**
 * One request at a time: a later event of a user never overtakes an earlier one that has to be sent again.
 *
 * @param linger how long the first event waits for more.
 */
export function sendQueue(put: Put, linger: () => Promise<unknown>, eventsMax: number): SendQueue {
  let waiting: Queued[] = []
  let underWay = 0
  let isLingering = false
  let sending: Promise<void> | null = null

  const sendWaiting = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = userBatch<Queued>()
      const end = waiting.findIndex((queued) => !batch.add(queued.user, queued.text, queued))
      underWay = end === -1 ? waiting.length : end
      waiting = waiting.slice(underWay)
      await sendBatch(batch.records(), put)
      underWay = 0
    }
    sending = null
  }
  const start = (): Promise<void> => {
    if (sending === null && waiting.length > 0) sending = sendWaiting()
    return sending ?? Promise.resolve()
  }
  const startLater = (): void => {
    if (isLingering || sending !== null) return
    isLingering = true
    linger().then(() => {
      isLingering = false
      return start()
    })
  }
  return {
    hasRoom: () => waiting.length + underWay < eventsMax,
    enqueue: (stamped) => {
      const sent = new Promise<void>((resolve, reject) => waiting.push({ ...stamped, resolve, reject }))
      if (waiting.length >= BATCH_EVENTS) start()
      else startLater()
      return sent
    },
    flush: async () => {
      while (waiting.length + underWay > 0) await start()
    },
  }
}

/** Never throws: every event's sender is told. */
async function sendBatch(records: readonly BatchRecord<Queued>[], put: Put): Promise<void> {
  const failure = await put(records.map(({ record }) => record)).then(
    () => null,
    (error: Error) => error,
  )
  const left = new Set(failure instanceof RecordsNotPut ? failure.records : records.map(({ record }) => record))
  for (const { record, events } of records) {
    for (const { event, resolve, reject } of events) {
      if (failure !== null && left.has(record)) reject(new EventsNotSent(failure.message, [event], failure))
      else resolve()
    }
  }
}
