// `forget`: a person in; everything of theirs removed from the tables and the dead-letter bucket, and what that was out.

import { setTimeout } from 'node:timers/promises'
import { DescribeTableCommand, type DynamoDBClient, ResourceNotFoundException } from '@aws-sdk/client-dynamodb'
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { keptForMs, s3KeptLetters } from '../functions/aws/dead-letter-erasure.ts'
import { documentClient } from '../functions/aws/document-client.ts'
import { type Pseudonym, secretPseudonym } from '../functions/aws/pseudonym.ts'
import { dynamoResultStore } from '../functions/aws/result-store.ts'
import { dynamoSessionStore } from '../functions/aws/session-store.ts'
import { dynamoTouches } from '../functions/aws/touches.ts'
import { DUE_INDEX } from '../functions/contract.ts'
import { type ForgetPorts, type ForgetReport, type ForgetSettings, forget } from '../functions/forget/forget.ts'
import { UserError } from '../local/user-error.ts'
import { startProgress } from './progress.ts'
import { columns } from './text-table.ts'

export interface ForgetOptions {
  readonly user: string
  readonly sessions: string
  readonly results: string
  readonly bucket: string
  /** The secret that users are stored under a keyed hash with; undefined where they are stored as they are. */
  readonly pseudonymKey?: string
}

const USER_CHARACTERS_MAX = 256
/** Where the bucket does not say. */
const KEPT_MS_ASSUMED = 30 * 24 * 60 * 60 * 1000
/** A function may run for a minute: afterwards none is left that read the tables before. */
const FUNCTIONS_MS = 65_000

export async function runForget(options: ForgetOptions): Promise<void> {
  const { user, sessions, results, bucket } = options
  const characters = [...user].length
  if (characters < 1 || characters > USER_CHARACTERS_MAX) {
    throw new UserError(`--user: expected 1 to ${USER_CHARACTERS_MAX} characters`)
  }
  const client = documentClient()
  const s3 = new S3Client()
  await checkTable('--sessions', sessions, client, true)
  await checkTable('--results', results, client, false)
  await checkBucket(bucket, s3)
  const keptMs = await keptForMs(s3, bucket)
  if (keptMs === null) console.error('The bucket does not say how long it keeps its objects: 30 days are assumed.')
  const ports = {
    sessions: dynamoSessionStore(client, sessions),
    results: dynamoResultStore(client, results),
    touches: dynamoTouches(client, results),
    deadLetters: s3KeptLetters(s3, bucket),
  }
  const progress = startProgress()
  progress.show('removing')
  try {
    const pseudonyms = await pseudonymsOf(options)
    const report = await forgetTwice(
      user,
      pseudonyms.map((pseudonym) => ({ ...ports, pseudonym })),
      { deadLettersKeptMs: keptMs ?? KEPT_MS_ASSUMED },
      Date.now,
      () => {
        progress.show('waiting a minute for functions that were under way')
        return setTimeout(FUNCTIONS_MS)
      },
    )
    progress.clear()
    console.log(reportText(report, options))
  } finally {
    progress.clear()
  }
}

/** As users are stored, and were before there was a key. */
async function pseudonymsOf({ pseudonymKey }: ForgetOptions): Promise<Pseudonym[]> {
  const asSent: Pseudonym = (user) => user
  if (pseudonymKey === undefined) return [asSent]
  return [await secretPseudonym(new SecretsManagerClient(), pseudonymKey)(), asSent]
}

/**
 * Once more when every function has ended that was under way the first time: what those still wrote goes too.
 *
 * @param ports one for each way in which users are stored.
 */
export async function forgetTwice(
  user: string,
  ports: readonly ForgetPorts[],
  settings: ForgetSettings,
  now: () => number,
  untilFunctionsEnded: () => Promise<unknown>,
): Promise<ForgetReport> {
  const reports: ForgetReport[] = []
  for (const each of ports) reports.push(await forget(user, each, settings, now()))
  await untilFunctionsEnded()
  for (const each of ports) reports.push(await forget(user, each, settings, now()))
  const sum = (count: (report: ForgetReport) => number): number =>
    reports.reduce((total, report) => total + count(report), 0)
  return {
    ...(reports.at(-1) as ForgetReport),
    sessions: sum((report) => report.sessions),
    rows: sum((report) => report.rows),
    deadLetters: sum((report) => report.deadLetters),
  }
}

function reportText(report: ForgetReport, { pseudonymKey }: ForgetOptions): string {
  const { sessions, rows, deadLetters, unreadable, untilMs } = report
  const hint = pseudonymKey === undefined ? ', and are users stored by pseudonym (--pseudonym-key)?' : '?'
  const until = new Date(untilMs).toISOString().slice(0, 10)
  return [
    columns([
      ['sessions removed', String(sessions)],
      ['result rows removed', String(rows)],
      ['dead letters removed', String(deadLetters)],
      ['dead letters that cannot be read, left', String(unreadable)],
    ]),
    '',
    ...(sessions + rows + deadLetters === 0 ? [`Nothing of this person was found. Is the id right${hint}`] : []),
    `What this person did until now is dropped if it comes again, until ${until}. Only marks with the user id stay till then.`,
  ].join('\n')
}

/** The two tables told apart: rows would not be found among sessions. */
async function checkTable(option: string, table: string, client: DynamoDBClient, hasDueIndex: boolean): Promise<void> {
  try {
    const { Table: found } = await client.send(new DescribeTableCommand({ TableName: table }))
    const isSessions = (found?.GlobalSecondaryIndexes ?? []).some(({ IndexName }) => IndexName === DUE_INDEX.name)
    if (isSessions === hasDueIndex) return
  } catch (error) {
    if (error instanceof ResourceNotFoundException) throw new UserError(`${option} ${table}: there is no such table`)
    throw error
  }
  throw new UserError(`${option} ${table}: is not that table; the stack's outputs name both`)
}

async function checkBucket(bucket: string, s3: S3Client): Promise<void> {
  try {
    await s3.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }))
  } catch (error) {
    if ((error as Error).name === 'NoSuchBucket') throw new UserError(`--bucket ${bucket}: there is no such bucket`)
    throw error
  }
}
