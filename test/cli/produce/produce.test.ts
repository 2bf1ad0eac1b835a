// Checks the parts of `produce`: checking lines, sending them, and remembering which were sent.

import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis'
import { mockClient } from 'aws-sdk-client-mock'
import fc from 'fast-check'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkLine } from '../../../cli/produce/checked-lines.ts'
import { produceCounts } from '../../../cli/produce/produce-counts.ts'
import { sendLines } from '../../../cli/produce/sending.ts'
import { openSentLog } from '../../../cli/produce/sent-log.ts'
import { wholeSteps } from '../../../terminal/interrupt.ts'
import { progressBar } from '../../../terminal/progress-bar.ts'
import { at } from '../../support/events.ts'
import { ubiEvent } from '../../support/ubi.ts'

const folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-produce-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const line = (event: unknown): Buffer => Buffer.from(JSON.stringify(event))
const OPEN = { type: 'AppOpen', user: 'ann', time: at(0) }

describe('a line', () => {
  it.each([
    [OPEN, 1, []],
    [{ ...OPEN, time: at(1e9) }, 1, []],
    // Ingest reads documents of other formats too.
    [ubiEvent('click'), 1, []],
    [{ ...OPEN, user: '' }, 1, [[null, 'invalid-field']]],
    [
      [OPEN, 7, OPEN, { type: 'Search', user: 'ann' }],
      4,
      [
        [2, 'not-an-event'],
        [4, 'missing-field'],
      ],
    ],
  ])('a line gets the problems that ingest would find: %j', (sent, events, problems) => {
    const checked = checkLine(line(sent), at(0))
    expect(checked.events).toBe(events)
    expect(checked.problems.map(({ event, reason }) => [event, reason])).toEqual(problems)
  })

  it('a line is sent as it is, or converted to events by --format', () => {
    const query = {
      application: 'shop',
      query_id: 'q',
      client_id: 'c',
      user_query: 'lamp',
      timestamp: at(0),
      query_response_hit_ids: ['x'],
    }
    const whole = line(query)
    expect(checkLine(whole, at(0))).toMatchObject({ sent: [whole], events: 2, problems: [] })
    const converted = JSON.parse(String(checkLine(whole, at(0), 'ubi').sent[0]))
    expect(converted).toMatchObject([
      { type: 'Search', user: 'c', query: 'lamp' },
      { type: 'Results', items: ['x'] },
    ])
    expect(checkLine(line(OPEN), at(0), 'ubi')).toMatchObject({ sent: [], problems: [{ reason: 'not-an-event' }] })
    expect(checkLine(whole, at(0), 'events')).toMatchObject({ sent: [], problems: [{ event: null }] })
  })

  it('--format leaves out documents of another format', () => {
    const mixed = checkLine(line([OPEN, ubiEvent('click')]), at(0), 'events')
    expect(mixed).toMatchObject({ events: 2, problems: [{ event: 2 }] })
    expect(mixed.sent.map((record) => JSON.parse(String(record)))).toEqual([OPEN])
  })

  it.each([
    ['more events than ingest takes of a record', 5500, 1],
    ['more bytes than a record holds', 1100, 128],
  ])('a line that converts to %s becomes several records in order', (_, documents, idCharacters) => {
    const query = (n: number) => ({
      query_id: 'é'.repeat(idCharacters),
      client_id: 'é'.repeat(idCharacters),
      user_query: '',
      timestamp: at(n),
      query_response_hit_ids: [1],
    })
    const checked = checkLine(line(Array.from({ length: documents }, (_, n) => query(n))), at(0), 'ubi')
    expect(checked).toMatchObject({ events: 2 * documents, problems: [] })
    expect(checked.sent).toHaveLength(2)
    const events = checked.sent.map((record) => JSON.parse(String(record)) as { time: string }[])
    expect(Math.max(...checked.sent.map((record) => record.length))).toBeLessThanOrEqual(1024 * 1024 - 1024)
    expect(Math.max(...events.map((one) => one.length))).toBeLessThanOrEqual(10_000)
    const times = events.flat().map(({ time }) => Date.parse(time))
    expect(times).toEqual(Array.from({ length: 2 * documents }, (_, n) => at(n >> 1)))
  })

  it('a line that no record can hold is too large', () => {
    expect(checkLine(Buffer.alloc(1024 * 1024, 0x20), at(0)).problems).toMatchObject([{ reason: 'too-large' }])
  })

  it('events without a time are counted, since sent twice they count twice', () => {
    expect(checkLine(line([OPEN, { type: 'AppOpen', user: 'ann', time: null }]), at(0))).toMatchObject({
      withoutTime: 1,
    })
  })
})

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
    const steps = wholeSteps()
    let ended: Promise<void> = Promise.resolve()
    mocked.on(PutRecordsCommand).callsFake(async ({ Records }) => {
      ended = steps.end()
      return { Records: Records.map(() => ({})) }
    })
    const reported: number[] = []
    const lines = Array.from({ length: 1234 }, () => line(OPEN))
    const recorded = new Promise<void>((resolve) => {
      const onSent = (sent: number): void => {
        reported.push(sent)
        resolve()
      }
      void sendLines(lines, { name: 's', kinesis }, { rate: null, onSent, steps })
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
      'did not take 100 records',
    )
    expect(reported).toEqual([500])
  })
})

describe('the record of sent lines', () => {
  it('a file continues after its sent lines wherever it was interrupted and however it has grown', async () => {
    const texts = fc.array(
      fc.string({ minLength: 1, maxLength: 8 }).map((text) => JSON.stringify(text)),
      { maxLength: 8 },
    )
    let n = 0
    await fc.assert(
      fc.asyncProperty(texts, texts, fc.nat(8), async (before, after, interruptedAt) => {
        const path = `log-${n++}`
        writeFileSync(join(folder, path), before.map((text) => `${text}\r\n\n`).join(''))
        const sent = before.slice(0, interruptedAt)
        const log = await openSentLog(join(folder, path), folder, 'stream', false)
        // Each line is a request of its own.
        for (const text of sent) await log.record([Buffer.from(`${text}\r`)])
        appendFileSync(join(folder, path), after.join('\n'))
        expect(await openSentLog(join(folder, path), folder, 'stream', false)).toMatchObject({
          skip: sent.length,
          isOther: false,
        })
        expect((await openSentLog(join(folder, path), folder, 'another stream', false)).skip).toBe(0)
        expect((await openSentLog(join(folder, path), folder, 'stream', true)).skip).toBe(0)
      }),
      { seed: 1, numRuns: 25 },
    )
  })

  it('two files that are sent at the same time have a record each', async () => {
    for (const path of ['one', 'two']) writeFileSync(join(folder, path), 'a\nb\n')
    const [one, two] = [
      await openSentLog(join(folder, 'one'), folder, 'stream', true),
      await openSentLog(join(folder, 'two'), folder, 'stream', true),
    ]
    await one.record([Buffer.from('a')])
    await Promise.all([two.record([Buffer.from('a'), Buffer.from('b')]), one.record([Buffer.from('b')])])
    expect((await openSentLog(join(folder, 'one'), folder, 'stream', false)).skip).toBe(2)
    expect((await openSentLog(join(folder, 'two'), folder, 'stream', false)).skip).toBe(2)
  })

  it('a file that begins otherwise, or is shorter, is sent from its beginning', async () => {
    for (const other of ['a\nc\nd\n', 'a\n', '']) {
      writeFileSync(join(folder, 'rotated'), 'a\nb\nc\n')
      const log = await openSentLog(join(folder, 'rotated'), folder, 'stream', true)
      await log.record([Buffer.from('a'), Buffer.from('b')])
      expect(await openSentLog(join(folder, 'rotated'), folder, 'stream', false)).toMatchObject({
        skip: 2,
        isOther: false,
      })
      writeFileSync(join(folder, 'rotated'), other)
      expect(await openSentLog(join(folder, 'rotated'), folder, 'stream', false)).toMatchObject({
        skip: 0,
        isOther: true,
      })
    }
  })
})

describe('the progress', () => {
  it('the progress bar shows share, rate and remaining time', () => {
    let nowMs = 0
    const show = progressBar(1000, () => nowMs)
    nowMs = 30_000
    expect(show(250, 300)).toBe(`${'█'.repeat(6)}${'·'.repeat(18)} 25 %  300 events, 10/s, 1:30 left`)
    expect(progressBar(null, () => nowMs)(250, 0)).toBe('0 events, 0/s')
  })
})
