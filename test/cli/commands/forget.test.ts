// The command that forgets a person, on emulators: tables and a bucket that hold two people in, those with one left out.

import { randomUUID } from 'node:crypto'
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { paginateScan } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { resultsSpec, sessionsSpec } from '../../../bench/bench-tables.ts'
import { forgetTwice, runForget } from '../../../cli/commands/forget.ts'
import { s3DeadLetters } from '../../../functions/aws/dead-letters/dead-letter-bucket.ts'
import { retentionMs, s3DeadLetterStore } from '../../../functions/aws/dead-letters/dead-letter-erasure.ts'
import { dynamoDirtyHours } from '../../../functions/aws/results-table/dirty-hours.ts'
import { dynamoResultStore } from '../../../functions/aws/results-table/result-store.ts'
import { dynamoSessionStore } from '../../../functions/aws/sessions-table/session-store.ts'
import { DAY_MS, MINUTE_MS } from '../../../functions/domain/durations.ts'
import { type Clients, LOCAL_ENVIRONMENT, localClients } from '../../../local/emulators/clients.ts'
import { type Endpoints, startEndpoints } from '../../../local/emulators/endpoints.ts'
import { UserError } from '../../../terminal/user-error.ts'
import { at, RULES, record } from '../../support/events.ts'
import { memoryPipeline } from '../../support/pipeline.ts'
import { makeTables } from '../../support/tables.ts'
import { testTerminal } from '../../support/typed.ts'

const NAMES = { sessions: `sessions-${randomUUID()}`, results: `results-${randomUUID()}`, bucket: `b-${randomUUID()}` }
const EXPIRES_MS = at(0) + 40_000 * DAY_MS

let endpoints: Endpoints
let clients: Clients

beforeAll(async () => {
  endpoints = await startEndpoints(null, null, process.env)
  clients = localClients(endpoints)
  for (const [name, value] of Object.entries(LOCAL_ENVIRONMENT)) vi.stubEnv(name, value)
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', endpoints.dynamodb)
  vi.stubEnv('AWS_ENDPOINT_URL_S3', endpoints.s3)
  await makeTables([sessionsSpec(NAMES.sessions), resultsSpec(NAMES.results)], clients)
  await clients.s3.send(new CreateBucketCommand({ Bucket: NAMES.bucket }))
})

afterAll(async () => {
  clients?.close()
  await endpoints?.stop()
  vi.unstubAllEnvs()
})

/** What a pipeline in memory made of two people, put where the functions would have put it. */
async function fill(): Promise<void> {
  const pipeline = memoryPipeline(RULES)
  for (const start of [0, 3000, 6000]) {
    const searches = ['ann', 'ben'].map((user) =>
      record({ type: 'Search', user, time: at(start), query: 'dogs' }, at(start)),
    )
    await pipeline.ingest([...searches, record('{"user":"ann"}', at(start)), record('{', at(start))], at(start))
    if (start < 6000) await pipeline.sweep(at(start + 2500))
  }
  await pipeline.finalizeAll()
  const { sessions, results, deadLetters } = pipeline
  const stored = dynamoSessionStore(clients.dynamodb, NAMES.sessions)
  for (const { closed } of sessions.closed.values()) if (closed !== null) await stored.putClosed(closed, EXPIRES_MS)
  for (const [user, state] of sessions.states) await stored.saveUser(user, state, 0, EXPIRES_MS)
  for (const row of results.rows.values()) await dynamoResultStore(clients.dynamodb, NAMES.results).put(row, EXPIRES_MS)
  await s3DeadLetters(clients.s3, NAMES.bucket).put(deadLetters.stored)
}

async function itemsOf(table: string, user: string): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = []
  for await (const { Items: page } of paginateScan({ client: clients.dynamodb }, { TableName: table })) {
    items.push(...(page ?? []))
  }
  return items.filter(({ pk }) => pk === `user#${user}`)
}

async function letters(): Promise<string[]> {
  const { Contents: objects } = await clients.s3.send(new ListObjectsV2Command({ Bucket: NAMES.bucket }))
  const bodies = (objects ?? []).map(async ({ Key }) => {
    const { Body: body } = await clients.s3.send(new GetObjectCommand({ Bucket: NAMES.bucket, Key }))
    return (await body?.transformToString()) ?? ''
  })
  const lines = (await Promise.all(bodies)).join('').split('\n').filter(Boolean)
  return lines.map((line) => Buffer.from(JSON.parse(line).data, 'base64').toString())
}

describe('forgetting on DynamoDB and S3', () => {
  it('leaves marks and a moment of one person, and all of the other', async () => {
    await fill()
    const [sessions, rows] = [await itemsOf(NAMES.sessions, 'ben'), await itemsOf(NAMES.results, 'ben')]
    const ports = {
      sessions: dynamoSessionStore(clients.dynamodb, NAMES.sessions),
      results: dynamoResultStore(clients.dynamodb, NAMES.results),
      dirtyHours: dynamoDirtyHours(clients.dynamodb, NAMES.results),
      deadLetters: s3DeadLetterStore(clients.s3, NAMES.bucket),
      pseudonym: (user: string) => user,
    }
    let nowMs = at(10_000)
    const settings = { deadLetterRetentionMs: 30 * DAY_MS }
    const report = await forgetTwice(
      'ann',
      [ports],
      settings,
      () => nowMs,
      async () => {
        nowMs += MINUTE_MS
      },
    )
    expect(report).toMatchObject({ sessions: 3, rows: 4, deadLetters: 3, unreadable: 3, untilMs: nowMs + 38 * DAY_MS })
    const left = await itemsOf(NAMES.sessions, 'ann')
    expect(left.filter(({ kind }) => kind === 'tombstone')).toHaveLength(3)
    expect(left.filter(({ kind }) => kind !== 'tombstone')).toMatchObject([{ sk: 'open', forgotten_at: nowMs }])
    for (const item of left) {
      expect(item).not.toHaveProperty('sessions')
      expect(item.expires_at).toBe((nowMs + 38 * DAY_MS) / 1000)
    }
    expect(await itemsOf(NAMES.results, 'ann')).toEqual([])
    expect(await letters()).toEqual(['{', '{', '{'])
    expect(await itemsOf(NAMES.sessions, 'ben')).toEqual(sessions)
    expect(await itemsOf(NAMES.results, 'ben')).toEqual(rows)
  })

  it('takes an emulator that knows of no lifecycle for a bucket that does not say', async () => {
    expect(await retentionMs(clients.s3, NAMES.bucket)).toBeNull()
  })

  it.each<[string, Partial<typeof NAMES>, string]>([
    ['a table that is not there', { sessions: 'nope' }, '--sessions nope: there is no such table'],
    ['a bucket that is not there', { bucket: 'nope' }, '--bucket nope: there is no such bucket'],
    ['tables that are mixed up', { sessions: NAMES.results, results: NAMES.sessions }, 'is not that table'],
    ['one table for both', { results: NAMES.sessions }, `--results ${NAMES.sessions}: is not that table`],
  ])('dirtyHours nothing where there is %s', async (_, mistaken, sentence) => {
    const before = await itemsOf(NAMES.sessions, 'ben')
    const attempt = runForget({ user: 'ben', stack: 'none', ...NAMES, ...mistaken }, testTerminal())
    await expect(attempt).rejects.toThrow(UserError)
    await expect(attempt).rejects.toThrow(sentence)
    expect(await itemsOf(NAMES.sessions, 'ben')).toEqual(before)
  })
})
