// Finds and checks the tables and the bucket from which `forget` removes a person, and the ids of
// that person in them.

import { DescribeTableCommand, type DynamoDBClient, ResourceNotFoundException } from '@aws-sdk/client-dynamodb'
import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import { readIngestEnvironment } from '../../functions/aws/runtime/environment.ts'
import { HOUR_INDEX } from '../../functions/contract.ts'
import type { ForgetPorts } from '../../functions/forget/forget.ts'
import { UserError } from '../../terminal/user-error.ts'
import { storedIds } from '../reads/stored-user.ts'
import { functionVariables } from '../target/function-environment.ts'
import { openNamed } from '../target/target.ts'
import type { TargetClients } from '../target/target-clients.ts'
import type { TargetOptions } from '../target/target-options.ts'

export interface ForgetStores {
  /** Names the stores in a sentence. */
  readonly title: string
  readonly sessions: string
  readonly results: string
  readonly bucket: string
  readonly clients: TargetClients
  /** The settings of ingest. */
  readonly environment: IngestEnvironment
}

type IngestEnvironment = ReturnType<typeof readIngestEnvironment>

export interface ForgetStoresOptions extends TargetOptions {
  readonly sessions?: string
  readonly results?: string
  readonly bucket?: string
  readonly ingest?: string
}

/**
 * Throws if a table or the bucket does not exist, if the options name the wrong table, or if the
 * settings of ingest cannot be read.
 *
 * @param folder the folder that the command runs in.
 */
export async function findForgetStores(options: ForgetStoresOptions, folder: string): Promise<ForgetStores> {
  const named = {
    SessionsTableName: options.sessions,
    ResultsTableName: options.results,
    DeadLetterBucketName: options.bucket,
    IngestFunctionName: options.ingest,
  }
  const target = await openNamed(named, options, folder)
  const { title, outputs, clients } = target
  const [sessions, results, bucket] = [
    outputs.SessionsTableName,
    outputs.ResultsTableName,
    outputs.DeadLetterBucketName,
  ]
  await checkTable('--sessions', sessions, clients.dynamodb, false)
  await checkTable('--results', results, clients.dynamodb, true)
  await checkBucket(bucket, clients.s3)
  const environment = readIngestEnvironment(await functionVariables(outputs.IngestFunctionName, target))
  return { title, sessions, results, bucket, clients, environment }
}

/**
 * Returns the ids under which the tables may hold the user: the one that ingest writes, and another
 * one only if something is stored under it. To forget an id stores it for weeks, so a table that
 * never held the id must not get it.
 *
 * @param pseudonymKey the secret that an option names; undefined to use that of ingest.
 */
export async function idsToForget(
  user: string,
  pseudonymKey: string | undefined,
  { pseudonymKeySecret }: Pick<IngestEnvironment, 'pseudonymKeySecret'>,
  clients: Pick<TargetClients, 'secrets'>,
  ports: Pick<ForgetPorts, 'sessions' | 'results'>,
): Promise<string[]> {
  const key = pseudonymKey ?? pseudonymKeySecret ?? undefined
  const ids = await storedIds(user, key, clients).catch((error: Error) => {
    throw new UserError(
      `This pipeline stores users by pseudonym, and these credentials cannot read the key ${key} (${error.message}).`,
    )
  })
  const written = pseudonymKeySecret === null ? user : ids[0]
  const found: string[] = []
  for (const id of ids) if (id === written || (await isStored(id, ports))) found.push(id)
  return found
}

async function isStored(
  id: string,
  { sessions, results }: Pick<ForgetPorts, 'sessions' | 'results'>,
): Promise<boolean> {
  if ((await sessions.loadUsers([id])).has(id)) return true
  for await (const page of sessions.closedVersions(id)) if (page.length > 0) return true
  for await (const rows of results.rowsOf(id)) if (rows.length > 0) return true
  return false
}

/**
 * Distinguishes the two tables by the index by hour, since a mistaken name would leave rows behind.
 */
async function checkTable(option: string, table: string, client: DynamoDBClient, isResults: boolean): Promise<void> {
  try {
    const { Table: found } = await client.send(new DescribeTableCommand({ TableName: table }))
    const hasHours = (found?.GlobalSecondaryIndexes ?? []).some(({ IndexName }) => IndexName === HOUR_INDEX.name)
    if (hasHours === isResults) return
  } catch (error) {
    if (error instanceof ResourceNotFoundException) throw new UserError(`${option} ${table}: there is no such table`)
    throw error
  }
  const kind = isResults ? 'results' : 'sessions'
  throw new UserError(`${option} ${table}: is not a ${kind} table; the stack's outputs name both tables`)
}

async function checkBucket(bucket: string, s3: S3Client): Promise<void> {
  try {
    await s3.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }))
  } catch (error) {
    if ((error as Error).name === 'NoSuchBucket') throw new UserError(`--bucket ${bucket}: there is no such bucket`)
    throw error
  }
}
