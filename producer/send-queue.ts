// PreparedEvent events in, one batch after the other out; what became of it is told to each event's sender.

import type { PutRecordsRequestEntry } from '@aws-sdk/client-kinesis'
import type { PreparedEvent } from './prepare-event.ts'
import { RecordsNotPutError } from './put-records.ts'
import { EventsNotSentError } from './refusals.ts'
import { type BatchRecord, userBatch } from './user-batch.ts'

export interface SendQueue {
  hasRoom(): boolean
  /** Resolves when the request under way is answered, and what waits is being sent. */
  room(): Promise<void>
  /** Resolves when the event is in the stream; rejects with EventsNotSentError. */
  enqueue(stamped: PreparedEvent): Promise<void>
  /** Sends at once. Resolves when all that was enqueued before is in the stream or refused. */
  flush(): Promise<void>
}

interface Queued extends PreparedEvent {
  readonly resolve: () => void
  readonly reject: (error: EventsNotSentError) => void
}

interface Watcher {
  readonly from: number
  readonly resolve: () => void
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
  /** Of all that was ever enqueued, how many have been answered; they are in their order. */
  let [enqueued, answered] = [0, 0]
  let watchers: Watcher[] = []
  let isLingering = false
  let sending: Promise<void> | null = null

  const sendWaiting = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = userBatch<Queued>()
      const end = waiting.findIndex((queued) => !batch.add(queued.user, queued.text, queued))
      underWay = end === -1 ? waiting.length : end
      waiting = waiting.slice(underWay)
      await sendBatch(batch.records(), put)
      answered += underWay
      underWay = 0
      const reached = watchers.filter(({ from }) => from <= answered)
      watchers = watchers.filter(({ from }) => from > answered)
      for (const { resolve } of reached) resolve()
    }
    sending = null
  }
  const start = (): void => {
    if (sending === null && waiting.length > 0) sending = sendWaiting()
  }
  /** Resolves when so many have been answered. */
  const answeredFrom = (from: number): Promise<void> => {
    start()
    return from <= answered ? Promise.resolve() : new Promise((resolve) => watchers.push({ from, resolve }))
  }
  const startLater = (): void => {
    if (isLingering || sending !== null) return
    isLingering = true
    linger().then(() => {
      isLingering = false
      start()
    })
  }
  return {
    hasRoom: () => waiting.length + underWay < eventsMax,
    room: () => answeredFrom(answered + 1),
    enqueue: (stamped) => {
      enqueued++
      const sent = new Promise<void>((resolve, reject) => waiting.push({ ...stamped, resolve, reject }))
      if (waiting.length >= BATCH_EVENTS) start()
      else startLater()
      return sent
    },
    flush: () => answeredFrom(enqueued),
  }
}

/** Never throws: every event's sender is told. */
async function sendBatch(records: readonly BatchRecord<Queued>[], put: Put): Promise<void> {
  const failure = await put(records.map(({ record }) => record)).then(
    () => null,
    (error: Error) => error,
  )
  const left = new Set(failure instanceof RecordsNotPutError ? failure.records : records.map(({ record }) => record))
  for (const { record, events } of records) {
    for (const { event, resolve, reject } of events) {
      if (failure !== null && left.has(record)) reject(new EventsNotSentError(failure.message, [event], failure))
      else resolve()
    }
  }
}
