// Checks that `produce` sends every line once and reports only lines that are in the stream.

import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { mockClient } from 'aws-sdk-client-mock'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { produceCounts } from '../../../cli/produce/produce-counts.ts'
import { sendLines } from '../../../cli/produce/sending.ts'
import { wholeTasks } from '../../../terminal/interrupt.ts'
import { at } from '../../support/events.ts'

const line = (event: unknown): Buffer => Buffer.from(JSON.stringify(event))
const OPEN = { type: 'AppOpen', user: 'ann', time: at(0) }

describe('sending', () => {
  const kinesis = new KinesisClient({ region: 'us-east-1' })
  const mocked = mockClient(kinesis)
  beforeEach(() => mocked.reset())
  afterEach(() => mocked.reset())

  it('sends every line once and in order, and reports the lines in the stream after every request', async () => {
    const records: string[] = []
    mocked.on(PutRecordsCommand).callsFake(({ Records }) => {
      for (const { Data } of Records) records.push(Buffer.from(Data).toString())
      return { Records: Records.map(() => ({})) }
    })
    const lines = Array.from({ length: 1234 }, (_, n) => line({ ...OPEN, eventId: `e${n}` }))
    const reported: number[] = []
    const onSent = (sent: number): void => {
      reported.push(sent)
    }
    expect(await sendLines(lines, { name: 's', kinesis }, { rate: null, onSent })).toEqual({
      events: 1234,
      tooLarge: 0,
    })
    expect(records).toEqual(lines.map(String))
    expect(reported).toEqual([500, 1000, 1234])
  })

  it('an interruption lets the running request finish and starts no other', async () => {
    const tasks = wholeTasks()
    let ended: Promise<void> = Promise.resolve()
    mocked.on(PutRecordsCommand).callsFake(async ({ Records }) => {
      ended = tasks.end()
      return { Records: Records.map(() => ({})) }
    })
    const reported: number[] = []
    const lines = Array.from({ length: 1234 }, () => line(OPEN))
    const recorded = new Promise<void>((resolve) => {
      const onSent = (sent: number): void => {
        reported.push(sent)
        resolve()
      }
      void sendLines(lines, { name: 's', kinesis }, { rate: null, onSent, tasks })
    })
    await recorded
    await ended
    await new Promise(setImmediate)
    expect([reported, mocked.commandCalls(PutRecordsCommand).length]).toEqual([[500], 1])
  })

  it('counts lines that are too large for a record with their keys', async () => {
    mocked.on(PutRecordsCommand).callsFake(({ Records }) => ({ Records: Records.map(() => ({})) }))
    const lines = [line(OPEN), Buffer.alloc(1024 * 1024, 0x20)]
    const sent = await sendLines(lines, { name: 's', kinesis }, { rate: null, onSent: () => {} })
    expect(sent).toEqual({ events: 1, tooLarge: 1 })
    const counts = produceCounts(false, () => {})
    counts.addTooLarge(sent.tooLarge)
    expect(counts.total()).toMatchObject({ bad: 1, reasons: { 'too-large': 1 } })
  })

  it('reports only lines that are in the stream when a request fails', async () => {
    mocked
      .on(PutRecordsCommand)
      .resolvesOnce({ Records: Array(500).fill({}) })
      .rejects(new Error('gone'))
    const reported: number[] = []
    const onSent = (sent: number): void => {
      reported.push(sent)
    }
    const lines = Array.from({ length: 600 }, () => line(OPEN))
    await expect(sendLines(lines, { name: 's', kinesis }, { rate: null, onSent })).rejects.toThrow(
      'did not accept 100 records',
    )
    expect(reported).toEqual([500])
  })
})
