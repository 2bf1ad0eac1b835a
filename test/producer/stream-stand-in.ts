// Runs a producer against a stand-in for Kinesis and reads the events that it accepted.

import { KinesisClient, PutRecordsCommand, type PutRecordsRequestEntry } from '@aws-sdk/client-kinesis'
import { mockClient } from 'aws-sdk-client-mock'
import { expect } from 'vitest'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { recordEvents } from '../../functions/aws/stream/record-events.ts'
import { decodeEvent } from '../../functions/domain/events/decode.ts'
import { createProducer, type EventInput, type Producer, type ProducerOptions } from '../../producer/producer.ts'
import { at } from '../support/events.ts'

type Refuses = (record: PutRecordsRequestEntry, request: number) => boolean

export interface Stream {
  readonly client: KinesisClient
  readonly producer: Producer
  readonly requests: PutRecordsRequestEntry[][]
  /** The records that the stream accepted, in order. */
  readonly accepted: PutRecordsRequestEntry[]
  readonly waits: number[]
}

/**
 * @param refuses returns whether the stream refuses a record of the n-th request, counted from 1.
 * It may throw.
 */
export function producing(refuses: Refuses = () => false, options: Partial<ProducerOptions> = {}): Stream {
  const client = new KinesisClient({ region: 'us-east-1' })
  const requests: PutRecordsRequestEntry[][] = []
  const accepted: PutRecordsRequestEntry[] = []
  const waits: number[] = []
  let ids = 0
  mockClient(client)
    .on(PutRecordsCommand)
    .callsFake(async ({ Records }: { Records: PutRecordsRequestEntry[] }) => {
      requests.push([...Records])
      const request = requests.length
      const outcomes = Records.map((record) => {
        if (refuses(record, request)) return { ErrorCode: 'ProvisionedThroughputExceededException' }
        accepted.push(record)
        return { SequenceNumber: '1' }
      })
      return { Records: outcomes }
    })
  const ports = {
    nowMs: () => at(0),
    newEventId: () => `id-${++ids}`,
    random: () => 1,
    wait: async (ms: number) => void waits.push(ms),
  }
  const producer = createProducer({ streamName: 'events', client, ...options }, ports)
  return { client, producer, requests, accepted, waits }
}

export const search = (user: string | number, query: string): EventInput => ({ type: 'Search', user, query })

/** Unpacks records as ingest does. */
export function eventsIn(records: readonly PutRecordsRequestEntry[]): Record<string, unknown>[] {
  return records.flatMap(({ Data }) =>
    recordEvents(Buffer.from(Data ?? [])).events.map(({ read }) => {
      const parsed = read()
      if (!parsed.ok) throw new Error(parsed.detail)
      expect(decodeEvent(parsed.value, at(0), {}, sha256).ok).toBe(true)
      return parsed.value as Record<string, unknown>
    }),
  )
}

export const queriesIn = (records: readonly PutRecordsRequestEntry[]): unknown[] =>
  eventsIn(records).map(({ query }) => query)
