// Checks on emulators that users who send sessions and old events without end delay no other user.
// The deployed functions close and sum the sessions of all others as if the abusers were not there.

import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { DIRTY_PARTITION, PARTITION_KEY, SORT_KEY } from '../../functions/contract.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../functions/domain/durations.ts'
import type { HourRollup } from '../../functions/domain/results/rollup.ts'
import { COPIES_MAX } from '../../functions/domain/sessions/old-arrivals.ts'
import { RECORD_SESSIONS_MAX } from '../../functions/domain/sessions/record-sessions.ts'
import { LOCAL_CONFIG } from '../../local/emulators/clients.ts'
import type { LocalRun } from '../../local/run/local-run.ts'
import type { Template } from '../../local/template/template.ts'
import { countRequests, functionName, peakMemory, type RequestCounts, type Step } from '../support/request-counts.ts'
import { onLocalRun, rollupsOf, toBuffers } from './on-emulators.ts'

/**
 * A third of a minute has time for 2,000 requests of 10 milliseconds each. A rollup run has five
 * minutes and sends eight requests at once: a third of that has time for 80,000.
 */
const REQUESTS_MAX = { Ingest: 2000, Sweep: 2000, Finalize: 2000, Rollup: 25_000 } as const
const MEMORY_BYTES_MAX = 300 * 1024 * 1024
/** V8 grows its heap while memory is free, which shows nothing about what the functions need. */
const HEAP = '--max-old-space-size=192 --max-semi-space-size=8'

/** Requests for a record beside the reads of closed sessions: its state, dead letters, progress. */
const OTHER_REQUESTS_MAX = 50

const EVENTS = 9900
const RECORDS = 11
const PEOPLE = 400
/** The hour of the searches of all others. It is over, so no later event falls in it. */
const HOUR_START_MS = Math.floor(Date.now() / HOUR_MS - 1) * HOUR_MS

/** The test counts requests, and a busy machine may be ten times slower than Lambda. */
const TIMEOUT_SECONDS = 900
const TEST_MS_MAX = 30 * MINUTE_MS

function forBusyMachine(template: Template): Template {
  const resources = Object.entries(template.Resources).map(([id, resource]) => {
    const variables = resource.Properties?.Environment?.Variables
    if (resource.Type !== 'AWS::Lambda::Function' || variables === undefined) return [id, resource]
    const Environment = { Variables: { ...variables, NODE_OPTIONS: HEAP } }
    return [id, { ...resource, Properties: { ...resource.Properties, Environment, Timeout: TIMEOUT_SECONDS } }]
  })
  return { ...template, Resources: Object.fromEntries(resources) }
}

/** One record, which holds all events as an array. */
function packed(events: readonly object[]): string {
  return JSON.stringify(events)
}

const people = Array.from({ length: PEOPLE }, (_, n) => {
  const timeMs = HOUR_START_MS + n * 1000
  const ofPerson = { user: `person ${n}`, searchId: `s${n}` }
  return packed([
    { ...ofPerson, type: 'Search', query: 'dogs', time: timeMs },
    { ...ofPerson, type: 'ClickResult', item: 'rex', time: timeMs + 500 },
  ])
})

let replays = 0

function send(run: LocalRun, records: readonly string[]): Promise<unknown> {
  return run.replay(`log ${replays++}`, toBuffers(records), () => {})
}

/** Prints what an invocation did, and checks that it needs no more time and memory than it has. */
function checkCost(run: LocalRun, step: Step, what: string, { requests, bytes }: RequestCounts): void {
  const memory = peakMemory(run, step)
  const megabytes = (memory / 1024 / 1024).toFixed(0)
  console.log(`${step}, ${what}: ${requests} requests, ${bytes} bytes sent, ${megabytes} MB at most`)
  expect(requests).toBeGreaterThan(0)
  expect(requests).toBeLessThan(REQUESTS_MAX[step])
  expect(memory).toBeLessThan(MEMORY_BYTES_MAX)
}

/** Sends a record and checks what ingest did for it, in one invocation or several. */
async function take(run: LocalRun, record: string, what: string): Promise<RequestCounts> {
  const counts = await countRequests(run, 'Ingest', () => send(run, [record]))
  checkCost(run, 'Ingest', what, counts)
  return counts
}

/** Invokes a function once, as a command does, and checks what that cost. */
async function invoke(run: LocalRun, step: Step, request: object): Promise<Readonly<Record<string, unknown>>> {
  const lambda = new LambdaClient({ ...LOCAL_CONFIG, endpoint: run.endpoints.lambda })
  try {
    const command = new InvokeCommand({ FunctionName: functionName(run, step), Payload: JSON.stringify(request) })
    const { result, ...counts } = await countRequests(run, step, () => lambda.send(command))
    expect(result.FunctionError).toBeUndefined()
    checkCost(run, step, JSON.stringify(request), counts)
    return JSON.parse(Buffer.from(result.Payload ?? []).toString('utf8'))
  } finally {
    lambda.destroy()
  }
}

/** Far more than is needed, since a machine may be busy. */
const PATIENCE = { timeout: 10 * MINUTE_MS, interval: 1000 }

/** Waits until finalize has written the rows of all others. */
async function untilRows(run: LocalRun): Promise<void> {
  await vi.waitFor(async () => expect((await rowsOfPeople(run)).length).toBe(2 * PEOPLE), PATIENCE)
}

async function rowsOfPeople(run: LocalRun): Promise<object[]> {
  return (await run.results()).filter(({ user }) => user.startsWith('person '))
}

/** The sums of the hour of all others. Runs do not count, since the schedule may sum it too. */
async function hourOfPeople(run: LocalRun): Promise<object | undefined> {
  const { hours } = await rollupsOf(run)
  const hour = new Date(HOUR_START_MS).toISOString().slice(0, 13)
  const found = hours.find(({ sk }) => sk === hour) as (HourRollup & Record<string, unknown>) | undefined
  if (found === undefined) return undefined
  const { computed_at, version, revision, expires_at, rows_expire_at, ...sums } = found
  return sums
}

const BATCH_ITEMS = 25

/** Lets hours be dirty, as finalize does, without the sessions, which would take long to write. */
async function markHours(run: LocalRun, hoursMs: readonly number[]): Promise<void> {
  const table = run.outputs.ResultsTableName as string
  const items = hoursMs.map((timeMs) => {
    const hour = new Date(timeMs).toISOString().slice(0, 13)
    return { [PARTITION_KEY]: DIRTY_PARTITION, [SORT_KEY]: `hour#${hour}`, marked_at: 0 }
  })
  for (let start = 0; start < items.length; start += BATCH_ITEMS) {
    const puts = items.slice(start, start + BATCH_ITEMS).map((Item) => ({ PutRequest: { Item } }))
    await run.clients.dynamodb.send(new BatchWriteCommand({ RequestItems: { [table]: puts } }))
  }
}

interface OfPeople {
  readonly rows: readonly object[]
  readonly hour: object | undefined
}

/** Closes and sums everything with one sweep and one run, and returns what the others have then. */
async function closedAndSummedOnce(run: LocalRun): Promise<OfPeople> {
  const swept = await invoke(run, 'Sweep', { drain: true })
  expect(swept).toMatchObject({ isUnfinished: false, failed: null })
  await untilRows(run)
  await invoke(run, 'Rollup', { drain: false })
  return { rows: await rowsOfPeople(run), hour: await hourOfPeople(run) }
}

describe('the rows and sums of 400 people', () => {
  let alone: OfPeople
  beforeAll(async () => {
    await onLocalRun({ changeTemplate: forBusyMachine }, async (run) => {
      await send(run, people)
      alone = await closedAndSummedOnce(run)
    })
    expect(alone.hour).toMatchObject({ searches: PEOPLE, searches_with_click: PEOPLE })
  }, TEST_MS_MAX)

  it(
    'are the same, after one sweep and one run, beside a user of 108,900 closers in eleven records',
    async () => {
      await onLocalRun({ changeTemplate: forBusyMachine }, async (run) => {
        for (let n = 0; n < RECORDS; n++) {
          // Every third record lies between the sessions of all others.
          const startMs = HOUR_START_MS + (n % 3 === 0 ? n : n * 20_000)
          const closers = Array.from({ length: EVENTS }, (_, m) => {
            return { type: 'AppClose', user: 'robot', time: startMs + m * 100, eventId: `close-${n}-${m}` }
          })
          await take(run, packed(closers), `closers ${n}`)
        }
        await send(run, people)
        expect(await closedAndSummedOnce(run)).toEqual(alone)
        await run.drain()
        const summary = await run.summary()
        expect(summary.accepted).toBe(RECORDS * RECORD_SESSIONS_MAX + 2 * PEOPLE)
        expect(summary.rejected).toEqual({ 'too-large': RECORDS * (EVENTS - RECORD_SESSIONS_MAX) })
      })
    },
    TEST_MS_MAX,
  )

  it(
    'are the same beside a user of 99,000 events that are too old, a gap from one another',
    async () => {
      await onLocalRun({ changeTemplate: forBusyMachine }, async (run) => {
        await send(run, [packed([{ type: 'AppClose', user: 'robot', time: HOUR_START_MS, eventId: 'known' }])])
        await invoke(run, 'Sweep', { drain: true })
        const oldMs = HOUR_START_MS - 3000 * DAY_MS
        for (let n = 0; n < 10; n++) {
          const old = Array.from({ length: EVENTS }, (_, m) => {
            const time = oldMs + (n * EVENTS + m) * 31 * MINUTE_MS
            return { type: 'Search', user: 'robot', query: 'dogs', time, eventId: `old-${n}-${m}` }
          })
          const { requests } = await take(run, packed(old), `old events ${n}`)
          expect(requests).toBeLessThan(COPIES_MAX + OTHER_REQUESTS_MAX)
        }
        await send(run, people)
        expect(await closedAndSummedOnce(run)).toEqual(alone)
        await run.drain()
        expect((await run.summary()).rejected).toEqual({
          'too-large': 10 * (EVENTS - RECORD_SESSIONS_MAX),
          'too-late': 10 * RECORD_SESSIONS_MAX,
        })
      })
    },
    TEST_MS_MAX,
  )

  it(
    'are the same beside a hundred thousand dirty hours, 980 of them by one record',
    async () => {
      await onLocalRun({ changeTemplate: forBusyMachine }, async (run) => {
        const startMs = Date.UTC(2002, 0, 1)
        const hourMs = (n: number): number => startMs + n * HOUR_MS
        const searches = Array.from({ length: 980 }, (_, n) => {
          const user = `robot ${Math.floor(n / 490)}`
          return { type: 'Search', user, query: 'dogs', time: hourMs(n), eventId: `e${n}` }
        })
        await take(run, packed(searches), 'searches in 980 hours')
        await markHours(
          run,
          Array.from({ length: 99_020 }, (_, n) => hourMs(980 + n)),
        )
        await send(run, people)
        expect(await closedAndSummedOnce(run)).toEqual(alone)
      })
    },
    TEST_MS_MAX,
  )
})
