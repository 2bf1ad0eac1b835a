// Builds the example items of the design pages with the code that writes and reads the real ones.

import { inflateRawSync } from 'node:zlib'
import type { S3Client } from '@aws-sdk/client-s3'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { s3DeadLetters } from '../../functions/aws/dead-letters/dead-letter-bucket.ts'
import { dynamoDirtyHours } from '../../functions/aws/results-table/dirty-hours.ts'
import { resultItem } from '../../functions/aws/results-table/result-items.ts'
import { dynamoRollupStore } from '../../functions/aws/results-table/rollup-store.ts'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { splitSessions } from '../../functions/aws/sessions-table/session-blocks.ts'
import { blockItem, closedItem, stateItem, tombstoneItem } from '../../functions/aws/sessions-table/session-items.ts'
import { pageItem } from '../../functions/aws/sessions-table/timer-store.ts'
import { dynamoEmptyShards, dynamoShardProgress } from '../../functions/aws/stream/shard-progress.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../functions/domain/durations.ts'
import type { Event } from '../../functions/domain/events/event.ts'
import { nonEmpty } from '../../functions/domain/non-empty.ts'
import type { ClosedSession } from '../../functions/domain/results/result.ts'
import { toRows } from '../../functions/domain/results/result-rows.ts'
import { hourOf, hourRollup, sumRows } from '../../functions/domain/results/rollup.ts'
import { closedExpiresAt, stateExpiresAt, withoutClosed } from '../../functions/domain/sessions/closing.ts'
import { type Session, sessionId } from '../../functions/domain/sessions/session.ts'
import { timerFor } from '../../functions/domain/sessions/timers.ts'
import { apply, NEW_USER, type UserState } from '../../functions/domain/sessions/user-state.ts'
import { readPipeline } from '../../local/template/pipeline-spec.ts'
import type { Template } from '../../local/template/template.ts'
import { bare, click, ROW_RULES, RULES, results, search } from '../support/events.ts'
import { synthesizedTemplate } from '../support/synthesized-stack.ts'

type Item = Readonly<Record<string, unknown>>

const START_MS = Date.parse('2026-03-02T09:15:00.000Z')
/** How long an event travels in the examples. */
const TRAVEL_MS = 300
const USER = 'ann'

const EVENTS: readonly Event[] = [
  search(START_MS, { eventId: 'e1', searchId: 's1', query: 'running shoes' }),
  results(START_MS + 400, ['p1', 'p2', 'p3'], { eventId: 'e2', searchId: 's1' }),
  click(START_MS + 12_000, 'p2', { eventId: 'e3', searchId: 's1', position: 2 }),
]
const LAST_ARRIVAL_MS = START_MS + 12_000 + TRAVEL_MS
/** When the sweeper closes the session, about. */
const CLOSED_MS = LAST_ARRIVAL_MS + RULES.gapMs + RULES.latenessMs

function stateOf(events: readonly Event[]): UserState {
  const arrivals = events.map((event) => ({ event, arrivalMs: event.timeMs + TRAVEL_MS }))
  return { ...apply(NEW_USER, [], arrivals, RULES).state, version: 1 }
}

function openSession(state: UserState): Session {
  return state.open[0] as Session
}

function closed(): ClosedSession {
  return { user: USER, session: openSession(stateOf(EVENTS)), reason: 'gap', version: 1 }
}

/** The item as it is put, or the line of an object, that a store sends to its service. */
interface RecordingClient {
  /** A store may make a client of its own from it. */
  readonly config: object
  send(command: { input: Item }): Promise<object>
}

async function sentBy(write: (client: RecordingClient) => Promise<void>) {
  const sent: Item[] = []
  await write({
    config: {},
    send: async ({ input }) => {
      sent.push(input)
      return {}
    },
  })
  return sent[0] as Item
}

async function putItem(write: (client: DynamoDBDocumentClient) => Promise<void>): Promise<Item> {
  return (await sentBy((client) => write(client as unknown as DynamoDBDocumentClient))).Item as Item
}

function openState(): Item {
  const state = stateOf(EVENTS)
  return stateItem(USER, state, stateExpiresAt(state, CLOSED_MS, RULES), splitSessions(state.open, 1, new WeakMap()))
}

/** The state once the sweeper has closed its only session. */
function stateWithoutOpenSessions(): Item {
  const state = stateOf(EVENTS)
  const closings = state.open.map((session) => ({ session, reason: 'gap' as const }))
  const closed = { ...withoutClosed(state, closings, RULES), version: 2 }
  return stateItem(USER, closed, stateExpiresAt(closed, CLOSED_MS, RULES))
}

/** The state of a session that is long enough for a block. */
function stateWithBlocks(): { readonly state: Item; readonly block: Item } {
  const events = Array.from({ length: 14 }, (_, n) => bare('AppOpen', START_MS + n * MINUTE_MS, { eventId: `e${n}` }))
  const state = stateOf(events)
  const split = splitSessions(state.open, 1, new WeakMap())
  const [first] = split.blocks
  if (first === undefined) throw new Error('the example is too short for a block')
  const expiresAtMs = stateExpiresAt(state, CLOSED_MS, RULES)
  return { state: stateItem(USER, state, expiresAtMs, split), block: blockItem(USER, first, expiresAtMs) }
}

function timerPage(): Item {
  const users = [
    { user: USER, startMs: START_MS },
    { user: 'ben', startMs: START_MS + 41_000 },
  ]
  const timers = nonEmpty(
    users.map(({ user, startMs }) => {
      const state = stateOf([search(startMs, { query: 'tents' })])
      return { user, atMs: timerFor(NEW_USER, state, startMs + TRAVEL_MS, 0, RULES) ?? 0 }
    }),
  )
  const startMs = timers[0].atMs
  return pageItem({ id: `${String(startMs).padStart(16, '0')}#6b1f0c5e9d2a7f43#10`, startMs, timers })
}

async function progress(): Promise<Item> {
  return putItem((client) =>
    dynamoShardProgress(client, 'Sessions').record(
      'shardId-000000000000',
      '49590338271490256608559692538361571095921575989136588898',
      LAST_ARRIVAL_MS,
    ),
  )
}

async function quietShard(): Promise<Item> {
  const progress = {
    sequenceNumber: '49590338271490256608559692538361571095921575989136588898',
    arrivalMs: LAST_ARRIVAL_MS,
    emptyUntilMs: null,
  }
  return putItem((client) =>
    dynamoEmptyShards(client, 'Sessions').recordEmpty('shardId-000000000000', progress, LAST_ARRIVAL_MS + HOUR_MS),
  )
}

async function dirtyHour(): Promise<Item> {
  const [row] = toRows(closed(), sha256, ROW_RULES)
  if (row === undefined) throw new Error('the example has no row')
  return putItem((client) =>
    dynamoDirtyHours(client, 'Results').mark([{ kind: 'hour', of: hourOf(row), atMs: CLOSED_MS }]),
  )
}

async function hourSum(): Promise<Item> {
  const rows = toRows(closed(), sha256, ROW_RULES)
  const [row] = rows
  if (row === undefined) throw new Error('the example has no row')
  const sum = hourRollup(hourOf(row), sumRows(rows), CLOSED_MS + 400 * DAY_MS)
  const item = await putItem((client) =>
    dynamoRollupStore(client, 'Results').save(sum, 0, {
      computedAtMs: CLOSED_MS + 5 * MINUTE_MS,
      expiresAtMs: CLOSED_MS + 1100 * DAY_MS,
    }),
  )
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== 0))
}

function searchRow(): Item {
  const [row] = toRows(closed(), sha256, ROW_RULES)
  if (row === undefined) throw new Error('the example has no row')
  return resultItem(row, CLOSED_MS + 400 * DAY_MS)
}

function forgottenState(): Item {
  const session = openSession(stateOf(EVENTS))
  const untilMs = CLOSED_MS + 38 * DAY_MS
  const forgotten = { atMs: CLOSED_MS, untilMs, pendingTombstones: [sessionId(session)] }
  return stateItem(USER, { ...NEW_USER, version: 2, forgotten }, untilMs)
}

async function deadLetter(): Promise<Item> {
  const { Body: body } = await sentBy((client) =>
    s3DeadLetters(client as unknown as S3Client, 'dead-letters').put([
      {
        reason: 'missing-field',
        detail: 'query: required',
        shardId: 'shardId-000000000000',
        sequenceNumber: '49590338271490256608559692538361571095921575989136588899',
        arrivalMs: LAST_ARRIVAL_MS,
        subSequence: 1,
        data: Buffer.from('{"user":"ann","type":"Search"}').toString('base64'),
      },
    ]),
  )
  return JSON.parse(String(body)) as Item
}

/** The mapping of ingest and the schedule of the sweep, as the local run reads them. */
function localSpec(): Item {
  const { mappings, schedules } = readPipeline(withBundles(synthesizedTemplate().toJSON() as Template), '')
  const isOf = (step: string) => (spec: { readonly functionName: string }) => spec.functionName.startsWith(step)
  return { mapping: mappings.find(isOf('Ingest')), schedule: schedules.find(isOf('Sweep')) }
}

/** The template as if its functions had been bundled. */
function withBundles(template: Template): Template {
  const resources = Object.entries(template.Resources).map(([id, resource]) => {
    return [id, { ...resource, Metadata: { ...resource.Metadata, 'aws:asset:path': id } }]
  })
  return { ...template, Resources: Object.fromEntries(resources) }
}

/** By page and name, in the order of the pages. */
export const EXAMPLES: Readonly<Record<string, Readonly<Record<string, () => Item | Promise<Item>>>>> = {
  state: {
    'open state': openState,
    'state without open sessions': stateWithoutOpenSessions,
    'state with a block': () => stateWithBlocks().state,
    block: () => stateWithBlocks().block,
    'closed session': () => closedItem(closed(), closedExpiresAt(CLOSED_MS, RULES)),
    tombstone: () => tombstoneItem(USER, sessionId(openSession(stateOf(EVENTS))), 5, closedExpiresAt(CLOSED_MS, RULES)),
  },
  timers: { 'timer page': timerPage },
  horizon: { 'shard progress': progress, 'quiet shard': quietShard },
  rollups: { 'search row': searchRow, 'dirty hour': dirtyHour, 'hour sum': hourSum },
  erasure: { 'forgotten state': forgottenState, 'dead letter': deadLetter },
  local: { 'local spec': localSpec },
}

/** The item as the pages show it: encoded values as their length, with what is in them beside. */
export function shownItem(item: Item): string {
  const entries = Object.entries(item).flatMap(([name, value]): [string, unknown][] => {
    if (value === undefined) return []
    if (name === 'sessions' && typeof value === 'string')
      return [
        [name, `<${value.length} characters>`],
        [`${name}, parsed`, JSON.parse(value)],
      ]
    if (!(value instanceof Uint8Array)) return [[name, value]]
    // The ids of closed sessions do not compress.
    if (name === 'closed_ids') return [[name, `<${value.length} bytes>`]]
    return [
      [name, `<${value.length} bytes>`],
      [`${name}, inflated`, JSON.parse(inflateRawSync(value).toString('utf8'))],
    ]
  })
  return jsonOf(Object.fromEntries(entries), 0)
}

const COLUMNS_MAX = 96

/** JSON with what fits in a line on a line. */
function jsonOf(value: unknown, depth: number): string {
  const line = JSON.stringify(value, null, 1).replace(/\n\s*/g, ' ')
  const short = line.replaceAll('[ ', '[').replaceAll(' ]', ']')
  if (depth > 0 && (value === null || typeof value !== 'object' || short.length + 2 * depth <= COLUMNS_MAX))
    return short
  const indent = '  '.repeat(depth + 1)
  const end = '  '.repeat(depth)
  if (Array.isArray(value)) return `[\n${value.map((one) => indent + jsonOf(one, depth + 1)).join(',\n')}\n${end}]`
  const fields = Object.entries(value as object).map(([name, field]) => {
    return `${indent}${JSON.stringify(name)}: ${jsonOf(field, depth + 1)}`
  })
  return `{\n${fields.join(',\n')}\n${end}}`
}
