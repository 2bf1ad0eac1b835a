// Finds and checks the tables and the bucket from which `forget` removes a person.

import { DescribeTableCommand, type DynamoDBClient, ResourceNotFoundException } from '@aws-sdk/client-dynamodb'
import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import { HOUR_INDEX } from '../../functions/contract.ts'
import { UserError } from '../../terminal/user-error.ts'
import { openNamed, type TargetClients } from '../target/target.ts'
import type { TargetOptions } from '../target/target-options.ts'

export interface ForgetStores {
  /** Names the stores in a sentence. */
  readonly title: string
  readonly sessions: string
  readonly results: string
  readonly bucket: string
  readonly clients: TargetClients
}

export interface ForgetStoresOptions extends TargetOptions {
  readonly sessions?: string
  readonly results?: string
  readonly bucket?: string
}

/**
 * Throws if a table or the bucket does not exist, or if the options name the wrong table.
 *
 * @param folder the folder that the command runs in.
 */
export async function findForgetStores(options: ForgetStoresOptions, folder: string): Promise<ForgetStores> {
  const named = {
    SessionsTableName: options.sessions,
    ResultsTableName: options.results,
    DeadLetterBucketName: options.bucket,
  }
  const { title, outputs, clients } = await openNamed(named, options, folder)
  const [sessions, results, bucket] = [
    outputs.SessionsTableName,
    outputs.ResultsTableName,
    outputs.DeadLetterBucketName,
  ]
  await checkTable('--sessions', sessions, clients.dynamodb, false)
  await checkTable('--results', results, clients.dynamodb, true)
  await checkBucket(bucket, clients.s3)
  return { title, sessions, results, bucket, clients }
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
