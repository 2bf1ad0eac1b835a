// Sends a Node service's events to the stream in batches, and retries those that Kinesis throttles.

import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { KinesisClient } from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { EventsNotSentError } from './errors.ts'
import type { EventInput } from './event.ts'
import { type PreparedEvent, prepareEvent } from './prepare-event.ts'
import { putRecords } from './put-records.ts'
import { type SendQueue, sendQueue } from './send-queue.ts'

export { EventRejectedError, EventsNotSentError, type IdentifiedEvent } from './errors.ts'
export type { EventInput } from './event.ts'

export interface ProducerOptions {
  readonly streamName: string
  /** Your own client. By default, the producer creates one that the environment configures. */
  readonly client?: KinesisClient
  /** How long an event may wait to share a request with others: 0 to 60,000. Default 100. */
  readonly lingerMs?: number
  /** How often the producer tries a record: 1 to 100. Default 8, which takes up to 20 seconds. */
  readonly triesMax?: number
  /** How many events may wait or be in a request: 1 to 1,000,000. Default 10,000. */
  readonly queueEventsMax?: number
}

export interface Producer {
  /**
   * Resolves when the event is in the stream; await it for back-pressure. Rejects with
   * `EventRejectedError`, or with `EventsNotSentError`, at once where the queue is full.
   */
  send(event: EventInput): Promise<void>
  /**
   * Sends any number of events, and waits while the queue is full. It checks all events before it
   * sends the first one, and rejects as `send` does.
   */
  sendAll(events: readonly EventInput[]): Promise<void>
  /**
   * Sends the waiting events at once. Resolves when each has its outcome, which the promise of its
   * `send` reports.
   */
  flush(): Promise<void>
  /**
   * Refuses new events. Resolves when Kinesis has answered all earlier ones, including the rest of
   * a `sendAll`.
   */
  close(): Promise<void>
}

/** The clock, ids and randomness of a producer, which tests replace. */
export interface ProducerPorts {
  readonly nowMs: () => number
  readonly newEventId: () => string
  readonly wait: (ms: number) => Promise<unknown>
  readonly random: () => number
}

/** Without timeouts, a connection that died silently would block all events. */
const TIMEOUTS = { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true }

const SYSTEM_PORTS: ProducerPorts = { nowMs: Date.now, newEventId: randomUUID, wait, random: Math.random }

export function createProducer(options: ProducerOptions, ports: ProducerPorts = SYSTEM_PORTS): Producer {
  const { streamName, lingerMs, triesMax, queueEventsMax } = checked(options)
  // By default the SDK uses HTTP/2 here, and opens a connection for each request.
  const client = options.client ?? new KinesisClient({ requestHandler: new NodeHttpHandler(TIMEOUTS) })
  const queue = sendQueue(
    (records) => putRecords(records, streamName, client, { triesMax, wait: ports.wait, random: ports.random }),
    () => ports.wait(lingerMs),
    queueEventsMax,
  )
  let isClosed = false
  const lists = new Set<Promise<void>>()
  const prepare = (event: EventInput): PreparedEvent => {
    const prepared = prepareEvent(event, ports.nowMs, ports.newEventId)
    if (isClosed) throw new EventsNotSentError('the producer is closed', [prepared.event])
    return prepared
  }
  return {
    send: async (event) => {
      const prepared = prepare(event)
      if (!queue.hasRoom())
        throw new EventsNotSentError(`the queue is full with ${queueEventsMax} events`, [prepared.event])
      return queue.enqueue(prepared)
    },
    sendAll: async (events) => {
      const sending = sendList(events.map(prepare), queue)
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

async function sendList(prepared: readonly PreparedEvent[], queue: SendQueue): Promise<void> {
  const failures: EventsNotSentError[] = []
  const sent: Promise<void>[] = []
  for (const one of prepared) {
    while (!queue.hasRoom()) await queue.waitForRoom()
    sent.push(queue.enqueue(one).catch((failure: EventsNotSentError) => void failures.push(failure)))
  }
  await queue.flush()
  await Promise.all(sent)
  const unsent = failures.flatMap((failure) => failure.events)
  if (unsent.length === 0) return
  const message = `${unsent.length} of ${prepared.length} events were not sent: ${failures[0]?.message}`
  throw new EventsNotSentError(message, unsent, failures[0]?.cause)
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
