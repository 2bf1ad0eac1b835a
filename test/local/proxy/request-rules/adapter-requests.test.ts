// Tests that every request of the adapters passes the rules, whatever users and events are called.

import { Readable } from 'node:stream'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resultsSpec, sessionsSpec } from '../../../../bench/bench-tables.ts'
import { dynamoDirtyHours } from '../../../../functions/aws/results-table/dirty-hours.ts'
import { dynamoResultStore } from '../../../../functions/aws/results-table/result-store.ts'
import { dynamoRollupStore } from '../../../../functions/aws/results-table/rollup-store.ts'
import { sha256 } from '../../../../functions/aws/runtime/digest.ts'
import { functionWriter } from '../../../../functions/aws/runtime/document-client.ts'
import { dynamoSessionStore } from '../../../../functions/aws/sessions-table/session-store.ts'
import { dynamoTimerStore } from '../../../../functions/aws/sessions-table/timer-store.ts'
import { dynamoEmptyShards, dynamoShardProgress } from '../../../../functions/aws/stream/shard-progress.ts'
import type { Event } from '../../../../functions/domain/events/event.ts'
import { toRows } from '../../../../functions/domain/results/result-rows.ts'
import { dayOf, dayRollup, hourOf, hourRollup, sumRows } from '../../../../functions/domain/results/rollup.ts'
import { SegmentSums } from '../../../../functions/domain/results/segment-sums.ts'
import { daySegments, hourSegments } from '../../../../functions/domain/results/segments.ts'
import { QueryTallies, queryRollups } from '../../../../functions/domain/results/top-queries.ts'
import { type Session, sessionId, toSessions } from '../../../../functions/domain/sessions/session.ts'
import { LOCAL_CONFIG } from '../../../../local/emulators/clients.ts'
import type { RequestRules } from '../../../../local/proxy/request-rules/request-rules.ts'
import { at, ROW_RULES, RULES } from '../../../support/events.ts'
import { randomLog, SEED } from '../../../support/random-log.ts'
import { rulesOf, violationOf } from './sent-requests.ts'

const LATER_MS = at(1_000_000)
const METADATA = { computedAtMs: at(1), expiresAtMs: LATER_MS }

/** A batch of statements has an outcome for each. */
function answerTo({ Statements: statements }: { readonly Statements?: readonly object[] }): string {
  return JSON.stringify(statements === undefined ? {} : { Responses: statements.map(() => ({})) })
}

/** Counts the requests by operation. Each is checked, and answered with nothing. */
function checkedClient(rules: RequestRules) {
  const sent = new Map<string, number>()
  const handle = async ({ headers, body }: { headers: Record<string, string>; body: Uint8Array }) => {
    const operation = String(headers['x-amz-target']).replace(/^.*\./, '')
    sent.set(operation, (sent.get(operation) ?? 0) + 1)
    const call = {
      caller: '',
      operation,
      body: Buffer.from(body),
      json: () => JSON.parse(Buffer.from(body).toString('utf8')),
    }
    const refusal = rules.refusal('dynamodb', call)
    const response = {
      statusCode: refusal?.status ?? 200,
      headers: {},
      body: Readable.from([Buffer.from(refusal?.body ?? answerTo(call.json()))]),
    }
    return { response }
  }
  const client = new DynamoDBClient({
    ...LOCAL_CONFIG,
    endpoint: 'http://dynamodb.invalid',
    requestHandler: { handle } as never,
  })
  return { client: DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } }), sent }
}

async function readAll(pages: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of pages);
}

async function useSessions(client: DynamoDBDocumentClient, user: string, open: readonly Session[]): Promise<void> {
  const sessions = dynamoSessionStore(client, 'sessions', functionWriter(client, 'batched'))
  const forgotten = { atMs: at(0), untilMs: LATER_MS, pendingTombstones: open.map(sessionId) }
  const state = { version: 1, skewMs: 0, lastAffectingTimeMs: at(0), open, closedIds: [], forgotten }
  await sessions.loadUsers([user, `${user}2`])
  await sessions.saveUser(user, state, 0, LATER_MS)
  // Two writes at least go together.
  const states = [1, 2].map((version) =>
    sessions.saveUser(`${user}${version}`, { ...state, version: 9 }, version, LATER_MS),
  )
  await Promise.all(states)
  const close = (session: Session) => sessions.putClosed({ user, session, reason: 'gap', version: 2 }, LATER_MS)
  await Promise.all(open.map(close))
  for (const session of open) {
    await sessions.putTombstone(user, sessionId(session), 2, LATER_MS)
    await sessions.closedVersion(user, sessionId(session), at(0))
  }
  await sessions.loadClosed(user, { fromMs: at(0), toMs: at(100) })
  await readAll(sessions.closedVersions(user))
  await sessions.eraseBlocks(user, 3)
  const timers = dynamoTimerStore(client, 'sessions')
  await timers.put([{ user, atMs: at(0) }])
  for (const list of timers.lists({ fromMs: at(0), toMs: at(100) })) await readAll(list)
  const progress = dynamoShardProgress(client, 'sessions')
  await progress.isPassed('shardId-000000000000', '1')
  await progress.record('shardId-000000000000', '1', at(0))
  const empty = dynamoEmptyShards(client, 'sessions')
  await empty.loadProgress('shardId-000000000000')
  await empty.recordEmpty('shardId-000000000000', null, at(0))
}

async function useResults(client: DynamoDBDocumentClient, user: string, closed: readonly Session[]): Promise<void> {
  const rows = closed.flatMap((session) => toRows({ user, session, reason: 'gap', version: 2 }, sha256, ROW_RULES))
  const results = dynamoResultStore(client, 'results')
  for (const row of rows) {
    await results.put(row, LATER_MS)
    await results.remove(row, LATER_MS)
  }
  await readAll(results.rowsOf(user))
  const hour = hourOf({ day: '2026-03-02', hour: 0 })
  const day = dayOf(hour)
  const dirtyHours = dynamoDirtyHours(client, 'results')
  const period = { kind: 'hour', of: hour, atMs: at(0), seenMs: null } as const
  await dirtyHours.mark([period])
  await dirtyHours.markSeen(period, at(1))
  await dirtyHours.clear(period)
  await readAll(dirtyHours.pages('hour'))
  const rollups = dynamoRollupStore(client, 'results')
  const sums = hourRollup(hour, sumRows(rows), LATER_MS)
  await rollups.save(sums, 0, METADATA)
  await rollups.save(dayRollup(day, [sums]), 1, METADATA)
  await rollups.hoursOf(day)
  const segments = new SegmentSums(['application'], sha256)
  for (const row of rows) segments.add(row)
  const values = segments.all(50)[0]?.values ?? []
  await rollups.save(hourSegments('application', hour, values, null), 0, METADATA)
  await rollups.save(daySegments('application', day, values), 1, METADATA)
  await rollups.segmentHoursOf(day, 'application')
  for (const isSegmented of [false, true]) await readAll(rollups.rowsOf(hour, 'a', null, isSegmented))
  await readAll(rollups.searchesOf(hour, 'a', null))
  await readAll(rollups.searchesOf(hour, 'a', 'search#dogs'))
  await rollups.saveProgress('hour', { hour }, at(1))
  await rollups.loadProgress('hour', at(1))
  await rollups.saveProgress('hour', null, at(1))
  await rollups.ranking(day)
  const tallies = new QueryTallies()
  for (const row of rows) if (row.kind === 'search') tallies.add(row)
  await rollups.saveRanking(day, queryRollups(day, tallies.all()), 0, METADATA)
}

/** As many characters as the user and the id of an event may have. */
const USER_CHARACTERS_MAX = 256
const ID_CHARACTERS_MAX = 128

function textOf(maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: 'binary', minLength: 1, maxLength, size: 'max' })
}

/** Returns a distinct id for each event, as long as ids may be. */
function idOf(n: number, id: string): string {
  return [...`${n} ${id}`].slice(0, ID_CHARACTERS_MAX).join('')
}

describe('a request of an adapter', () => {
  it('passes the rules, whatever the user, the events and the searches are called', async () => {
    const everySent = new Set<string>()
    await fc.assert(
      fc.asyncProperty(textOf(USER_CHARACTERS_MAX), textOf(ID_CHARACTERS_MAX), randomLog, async (user, id, events) => {
        const rules = rulesOf([sessionsSpec('sessions'), resultsSpec('results')])
        const { client, sent } = checkedClient(rules)
        const named = events.map((event, n): Event => ({ ...event, eventId: idOf(n, id) }))
        const sessions = toSessions(named, [], RULES)
        await useSessions(client, user, sessions)
        await useResults(client, user, sessions)
        expect(violationOf(rules)).toBeNull()
        for (const operation of sent.keys()) everySent.add(operation)
      }),
      { seed: SEED, numRuns: 15, endOnFailure: true },
    )
    const single = ['PutItem', 'GetItem', 'DeleteItem', 'Query']
    const several = ['BatchGetItem', 'BatchExecuteStatement', 'TransactWriteItems']
    expect([...everySent]).toEqual(expect.arrayContaining([...single, ...several]))
  })
})
