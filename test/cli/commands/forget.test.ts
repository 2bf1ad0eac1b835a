// Checks on emulators that `forget` removes one person and nothing of another.

import { randomUUID } from 'node:crypto'
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { paginateScan } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { resultsSpec, sessionsSpec } from '../../../bench/bench-tables.ts'
import { forgetTwice, runForget } from '../../../cli/commands/forget.ts'
import { idsToForget } from '../../../cli/commands/forget-stores.ts'
import { s3DeadLetters } from '../../../functions/aws/dead-letters/dead-letter-bucket.ts'
import { retentionMs, s3DeadLetterStore } from '../../../functions/aws/dead-letters/dead-letter-erasure.ts'
import { dynamoDirtyHours } from '../../../functions/aws/results-table/dirty-hours.ts'
import { dynamoResultStore } from '../../../functions/aws/results-table/result-store.ts'
import { keyedPseudonym } from '../../../functions/aws/runtime/pseudonym.ts'
import { dynamoSessionStore } from '../../../functions/aws/sessions-table/session-store.ts'
import { DAY_MS, MINUTE_MS } from '../../../functions/domain/durations.ts'
import { type Clients, LOCAL_ENVIRONMENT, localClients } from '../../../local/emulators/clients.ts'
import { type Endpoints, startEndpoints } from '../../../local/emulators/endpoints.ts'
import { type CheckedEndpoints, startCheckedEndpoints } from '../../../local/proxy/checked-endpoints.ts'
import { requestRules } from '../../../local/proxy/request-rules/request-rules.ts'
import { UserError } from '../../../terminal/user-error.ts'
import { at, RULES, record } from '../../support/events.ts'
import { memoryPipeline } from '../../support/pipeline.ts'
import { makeTables } from '../../support/tables.ts'
import { testTerminal } from '../../support/typed.ts'

const NAMES = { sessions: `sessions-${randomUUID()}`, results: `results-${randomUUID()}`, bucket: `b-${randomUUID()}` }
const EXPIRES_MS = at(0) + 40_000 * DAY_MS

const rules = requestRules({ functions: [], tables: [], titles: new Map() })
let endpoints: Endpoints
let checked: CheckedEndpoints
let clients: Clients

beforeAll(async () => {
  endpoints = await startEndpoints(null, null, process.env)
  checked = await startCheckedEndpoints(endpoints, rules)
  clients = localClients({ ...endpoints, ...checked })
  for (const [name, value] of Object.entries(LOCAL_ENVIRONMENT)) vi.stubEnv(name, value)
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', checked.dynamodb)
  vi.stubEnv('AWS_ENDPOINT_URL_S3', endpoints.s3)
  await makeTables([sessionsSpec(NAMES.sessions), resultsSpec(NAMES.results)], clients)
  await clients.s3.send(new CreateBucketCommand({ Bucket: NAMES.bucket }))
})

afterEach(rules.failIfViolated)

afterAll(async () => {
  clients?.close()
  await checked?.stop()
  await endpoints?.stop()
  vi.unstubAllEnvs()
})

/** Fills the tables and the bucket with what a pipeline in memory stored of two people. */
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

async function deadLetters(): Promise<string[]> {
  const { Contents: objects } = await clients.s3.send(new ListObjectsV2Command({ Bucket: NAMES.bucket }))
  const bodies = (objects ?? []).map(async ({ Key }) => {
    const { Body: body } = await clients.s3.send(new GetObjectCommand({ Bucket: NAMES.bucket, Key }))
    return (await body?.transformToString()) ?? ''
  })
  const lines = (await Promise.all(bodies)).join('').split('\n').filter(Boolean)
  return lines.map((line) => Buffer.from(JSON.parse(line).data, 'base64').toString())
}

describe('forgetting on DynamoDB and S3', () => {
  it('forget leaves tombstones and a time of the person, and everything of another person', async () => {
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
    const settings = { rules: RULES, deadLetterRetentionMs: 30 * DAY_MS }
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
      // The state outlives the tombstones.
      expect(item.expires_at).toBe((nowMs + (item.sk === 'open' ? 46 : 38) * DAY_MS) / 1000)
    }
    const removed = await itemsOf(NAMES.results, 'ann')
    expect(removed.map(({ kind }) => kind)).toEqual(['removed', 'removed', 'removed', 'removed'])
    expect(await deadLetters()).toEqual(['{', '{', '{'])
    expect(await itemsOf(NAMES.sessions, 'ben')).toEqual(sessions)
    expect(await itemsOf(NAMES.results, 'ben')).toEqual(rows)
  })

  it('a bucket without a lifecycle rule has no known retention', async () => {
    expect(await retentionMs(clients.s3, NAMES.bucket)).toBeNull()
  })

  it.each<[string, Partial<typeof NAMES>, string]>([
    ['a table that does not exist', { sessions: 'nope' }, '--sessions nope: there is no such table'],
    ['a bucket that does not exist', { bucket: 'nope' }, '--bucket nope: there is no such bucket'],
    ['the tables in the wrong order', { sessions: NAMES.results, results: NAMES.sessions }, 'is not a sessions table'],
    ['one table for both', { results: NAMES.sessions }, `--results ${NAMES.sessions}: is not a results table`],
  ])('forget changes nothing where the options name %s', async (_, mistaken, sentence) => {
    const before = await itemsOf(NAMES.sessions, 'ben')
    const attempt = runForget({ user: 'ben', stack: 'none', ingest: 'ingest', ...NAMES, ...mistaken }, testTerminal())
    await expect(attempt).rejects.toThrow(UserError)
    await expect(attempt).rejects.toThrow(sentence)
    expect(await itemsOf(NAMES.sessions, 'ben')).toEqual(before)
  })
})

describe('the ids that are forgotten', () => {
  const SECRET = 'arn:aws:secretsmanager:eu-west-1:1:secret:users'
  const secrets = new SecretsManagerClient({ region: 'eu-west-1' })
  const mocked = mockClient(secrets)
  const pseudonym = keyedPseudonym('k'.repeat(32))
  beforeEach(() => {
    mocked.reset()
    mocked.on(GetSecretValueCommand, { SecretId: SECRET }).resolves({ SecretString: 'k'.repeat(32) })
  })
  const idsOf = (
    pipeline: ReturnType<typeof memoryPipeline>,
    pseudonymKeySecret: string | null,
    option?: string,
  ): Promise<string[]> => idsToForget('ann', option, { pseudonymKeySecret }, { secrets }, pipeline)
  async function pipelineOf(...users: string[]) {
    const pipeline = memoryPipeline(RULES)
    await pipeline.ingest(
      users.map((user) => record({ type: 'Search', user, time: at(0), query: 'dogs' }, at(0))),
      at(0),
    )
    return pipeline
  }

  it('are the pseudonym alone, without an option, where ingest stores users by pseudonym', async () => {
    expect(await idsOf(await pipelineOf(pseudonym('ann')), SECRET)).toEqual([pseudonym('ann')])
    expect(await idsOf(await pipelineOf(), SECRET)).toEqual([pseudonym('ann')])
  })

  it('are the id too where the tables hold it from before the key was set', async () => {
    expect(await idsOf(await pipelineOf('ann'), SECRET)).toEqual([pseudonym('ann'), 'ann'])
  })

  it('are the id where ingest stores users by their id, and a pseudonym only where the tables hold it', async () => {
    expect(await idsOf(await pipelineOf(), null)).toEqual(['ann'])
    expect(await idsOf(await pipelineOf(), null, SECRET)).toEqual(['ann'])
    expect(await idsOf(await pipelineOf(pseudonym('ann')), null, SECRET)).toEqual([pseudonym('ann'), 'ann'])
  })

  it('are refused with a sentence when the key cannot be read', async () => {
    mocked.on(GetSecretValueCommand).rejects(new Error('not authorized'))
    const sentence = `This pipeline stores users by pseudonym, and these credentials cannot read the key ${SECRET} (not authorized).`
    await expect(idsOf(await pipelineOf(), SECRET)).rejects.toThrow(sentence)
  })
})
