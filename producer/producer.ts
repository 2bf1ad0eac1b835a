// A producer for a Node service: events in, in the stream out, in batches, with what Kinesis refused for the moment sent again.

import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { KinesisClient } from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { EventInput } from './event.ts'
import { type PreparedEvent, stamped } from './prepare-event.ts'
import { putRecords } from './put-records.ts'
import { EventsNotSentError } from './refusals.ts'
import { type SendQueue, sendQueue } from './send-queue.ts'

export type { EventInput } from './event.ts'
export { EventRejectedError, EventsNotSentError, type IdentifiedEvent } from './refusals.ts'

export interface ProducerOptions {
  readonly streamName: string
  /** Yours, with its region, credentials and retries. Absent: one of its own, configured by the environment. */
  readonly client?: KinesisClient
  /** How long an event may wait for others to share a request with: 0 to 60,000. Default 100. */
  readonly lingerMs?: number
  /** How often a record is tried: 1 to 100. Default 8, which takes up to 20 seconds. */
  readonly triesMax?: number
  /** How many events may wait or be under way: 1 to 1,000,000. Default 10,000. */
  readonly queueEventsMax?: number
}

export interface Producer {
  /**
   * Resolves when the event is in the stream: to await it is the back-pressure. Rejects with `EventRejectedError` or
   * `EventsNotSentError`; with the latter at once where the queue is full.
   */
  send(event: EventInput): Promise<void>
  /** The same for many, however many: it waits for room. All are checked before the first is sent. */
  sendAll(events: readonly EventInput[]): Promise<void>
  /** Sends at once what waits. Resolves when that is answered; whether it was sent, its `send` says. */
  flush(): Promise<void>
  /** Takes no more events, and resolves when all that it took are answered, the rest of a `sendAll` too. */
  close(): Promise<void>
}

/** What is around a producer. */
export interface ProducerPorts {
  readonly nowMs: () => number
  readonly newEventId: () => string
  readonly wait: (ms: number) => Promise<unknown>
  readonly random: () => number
}

/** A connection that has died silently would else hold up every event for good. */
const TIMEOUTS = { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true }

const AROUND: ProducerPorts = { nowMs: Date.now, newEventId: randomUUID, wait, random: Math.random }

export function createProducer(options: ProducerOptions, around: ProducerPorts = AROUND): Producer {
  const { streamName, lingerMs, triesMax, queueEventsMax } = checked(options)
  // The SDK's own choice is HTTP/2, which opens a connection for each request.
  const client = options.client ?? new KinesisClient({ requestHandler: new NodeHttpHandler(TIMEOUTS) })
  const queue = sendQueue(
    (records) => putRecords(records, streamName, client, { triesMax, wait: around.wait, random: around.random }),
    () => around.wait(lingerMs),
    queueEventsMax,
  )
  let isClosed = false
  const lists = new Set<Promise<void>>()
  const accept = (event: EventInput): PreparedEvent => {
    const accepted = stamped(event, around.nowMs, around.newEventId)
    if (isClosed) throw new EventsNotSentError('the producer is closed', [accepted.event])
    return accepted
  }
  return {
    send: async (event) => {
      const accepted = accept(event)
      if (!queue.hasRoom())
        throw new EventsNotSentError(`${queueEventsMax} events are waiting already`, [accepted.event])
      return queue.enqueue(accepted)
    },
    sendAll: async (events) => {
      const sending = sendList(events.map(accept), queue)
      lists.add(sending)
      try {
        await sending
      } finally {
        lists.delete(sending)
      }
    },
    flush: queue.flush,
    close: async () => {
      isClosed = true
      await Promise.allSettled(lists)
      await queue.flush()
      if (options.client === undefined) client.destroy()
    },
  }
}

async function sendList(accepted: readonly PreparedEvent[], queue: SendQueue): Promise<void> {
  const failures: EventsNotSentError[] = []
  const sent: Promise<void>[] = []
  for (const one of accepted) {
    while (!queue.hasRoom()) await queue.room()
    sent.push(queue.enqueue(one).catch((failure: EventsNotSentError) => void failures.push(failure)))
  }
  await queue.flush()
  await Promise.all(sent)
  const left = failures.flatMap((failure) => failure.events)
  if (left.length === 0) return
  const message = `${left.length} of ${accepted.length} events were not sent: ${failures[0]?.message}`
  throw new EventsNotSentError(message, left, failures[0]?.cause)
}

function checked({ streamName, lingerMs = 100, triesMax = 8, queueEventsMax = 10_000 }: ProducerOptions) {
  if (typeof streamName !== 'string' || streamName === '')
    throw new TypeError('streamName: expected the name of a stream')
  checkInteger('lingerMs', lingerMs, 0, 60_000)
  checkInteger('triesMax', triesMax, 1, 100)
  checkInteger('queueEventsMax', queueEventsMax, 1, 1_000_000)
  return { streamName, lingerMs, triesMax, queueEventsMax }
}

function checkInteger(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return
  throw new RangeError(`${name}: ${value}, expected an integer from ${min} to ${max}`)
}
