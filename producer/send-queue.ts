// Queues events and sends them in one batch after the other, with an outcome for each event.

import type { PutRecordsRequestEntry } from '@aws-sdk/client-kinesis'
import { EventsNotSentError } from './errors.ts'
import type { PreparedEvent } from './prepare-event.ts'
import { RecordsNotPutError } from './put-records.ts'
import { type BatchRecord, userBatch } from './user-batch.ts'

export interface SendQueue {
  hasRoom(): boolean
  /** Resolves when Kinesis has answered one more event, so that the queue may have room. */
  waitForRoom(): Promise<void>
  /** Resolves when the event is in the stream. Rejects with `EventsNotSentError`. */
  enqueue(prepared: PreparedEvent): Promise<void>
  /** Sends at once. Resolves when each event that was enqueued before has its outcome. */
  flush(): Promise<void>
}

interface Queued extends PreparedEvent {
  readonly resolve: () => void
  readonly reject: (error: EventsNotSentError) => void
}

interface Watcher {
  /** The watcher resolves when so many events have been answered. */
  readonly answeredMin: number
  readonly resolve: () => void
}

type Put = (records: readonly PutRecordsRequestEntry[]) => Promise<void>

/** A queue of this length sends at once. */
const BATCH_EVENTS = 500

/**
 * Sends one request at a time, so that a user's later event never overtakes an earlier one that is
 * retried.
 *
 * @param linger resolves when the first event has waited long enough for others.
 */
export function sendQueue(put: Put, linger: () => Promise<unknown>, eventsMax: number): SendQueue {
  let waiting: Queued[] = []
  let inRequest = 0
  /** Counts since the start. Events are answered in the order in which they were enqueued. */
  let [enqueued, answered] = [0, 0]
  let watchers: Watcher[] = []
  let isLingering = false
  let sending: Promise<void> | null = null

  const sendWaiting = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = userBatch<Queued>()
      const end = waiting.findIndex((queued) => !batch.add(queued.user, queued.text, queued))
      inRequest = end === -1 ? waiting.length : end
      waiting = waiting.slice(inRequest)
      await sendBatch(batch.records(), put)
      answered += inRequest
      inRequest = 0
      const done = watchers.filter(({ answeredMin }) => answeredMin <= answered)
      watchers = watchers.filter(({ answeredMin }) => answeredMin > answered)
      for (const { resolve } of done) resolve()
    }
    sending = null
  }
  const start = (): void => {
    if (sending === null && waiting.length > 0) sending = sendWaiting()
  }
  const waitForAnswers = (answeredMin: number): Promise<void> => {
    start()
    if (answeredMin <= answered) return Promise.resolve()
    return new Promise((resolve) => watchers.push({ answeredMin, resolve }))
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
    hasRoom: () => waiting.length + inRequest < eventsMax,
    waitForRoom: () => waitForAnswers(answered + 1),
    enqueue: (prepared) => {
      enqueued++
      const sent = new Promise<void>((resolve, reject) => waiting.push({ ...prepared, resolve, reject }))
      if (waiting.length >= BATCH_EVENTS) start()
      else startLater()
      return sent
    },
    flush: () => waitForAnswers(enqueued),
  }
}

/** Never throws. It resolves or rejects the promise of every event. */
async function sendBatch(records: readonly BatchRecord<Queued>[], put: Put): Promise<void> {
  const failure = await put(records.map(({ record }) => record)).then(
    () => null,
    (error: Error) => error,
  )
  const unsent = new Set(failure instanceof RecordsNotPutError ? failure.records : records.map(({ record }) => record))
  for (const { record, events } of records) {
    for (const { event, resolve, reject } of events) {
      if (failure !== null && unsent.has(record)) reject(new EventsNotSentError(failure.message, [event], failure))
      else resolve()
    }
  }
}
