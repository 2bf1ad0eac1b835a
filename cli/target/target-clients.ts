// Makes the SDK clients of a pipeline, and reads its stack.

import { CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import { KinesisClient } from '@aws-sdk/client-kinesis'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { S3Client } from '@aws-sdk/client-s3'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { MINUTE_MS } from '../../functions/domain/durations.ts'
import { LOCAL_CONFIG } from '../../local/emulators/clients.ts'
import type { RunningPipeline } from '../../local/run/running-pipeline.ts'
import { UserError } from '../../terminal/user-error.ts'
import type { TargetOptions } from './target-options.ts'

export interface TargetClients {
  readonly kinesis: KinesisClient
  readonly dynamodb: DynamoDBDocumentClient
  readonly tableStreams: DynamoDBStreamsClient
  readonly s3: S3Client
  readonly lambda: LambdaClient
  readonly secrets: SecretsManagerClient
}

/** Configures every SDK client. */
export interface ClientConfig {
  readonly region?: string
  readonly profile?: string
  readonly maxAttempts: number
  readonly requestHandler: typeof TIMEOUTS
}

/** Milliseconds. Without them the SDK waits for an answer for ever. */
const TIMEOUTS = { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true }
/** A Lambda function may run for 15 minutes. */
const INVOCATION_TIMEOUTS = { ...TIMEOUTS, requestTimeout: 15 * MINUTE_MS }

/** More than the SDK's own 3 tries: a person would rather wait than see a failure. */
const TRIES_MAX = 6

export function awsConfig({ region, profile }: Pick<TargetOptions, 'region' | 'profile'>): ClientConfig {
  return {
    maxAttempts: TRIES_MAX,
    requestHandler: TIMEOUTS,
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
  }
}

export function awsClients(options: Pick<TargetOptions, 'region' | 'profile'>): TargetClients {
  return clientsOf(awsConfig(options))
}

/** @param endpoints the addresses of a local run. */
export function localClients(endpoints: RunningPipeline['endpoints']): TargetClients {
  return clientsOf({ ...LOCAL_CONFIG, maxAttempts: 2, requestHandler: TIMEOUTS }, endpoints)
}

/** Returns the stack and its region. Throws a UserError if there is none. */
export async function describeStack(
  options: Pick<TargetOptions, 'stack' | 'region' | 'profile'>,
): Promise<{ readonly stack: Stack; readonly region: string }> {
  const cloudFormation = new CloudFormationClient(awsConfig(options))
  const { stack: name } = options
  const region = await cloudFormation.config.region()
  try {
    const { Stacks: stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: name }))
    if (stacks?.[0] !== undefined) return { stack: stacks[0], region }
  } catch (error) {
    if ((error as Error).name !== 'ValidationError') throw error
  }
  throw new UserError(
    `There is no stack ${name} in ${region}: deploy it with 'npx cdk deploy', name another with --stack or --region, ` +
      'or use a local run with --local.',
  )
}

type Config = ClientConfig | (typeof LOCAL_CONFIG & Pick<ClientConfig, 'maxAttempts' | 'requestHandler'>)

/** @param endpoints the addresses of a local run; on AWS the SDK finds them. */
function clientsOf(config: Config, endpoints?: RunningPipeline['endpoints']): TargetClients {
  const at = (endpoint: string | undefined): object => (endpoint === undefined ? config : { ...config, endpoint })
  const dynamodb = new DynamoDBClient(at(endpoints?.dynamodb))
  return {
    // Kinesalite speaks HTTP/1.1 only.
    kinesis: new KinesisClient({ ...at(endpoints?.kinesis), requestHandler: new NodeHttpHandler(TIMEOUTS) }),
    dynamodb: DynamoDBDocumentClient.from(dynamodb, { marshallOptions: { removeUndefinedValues: true } }),
    tableStreams: new DynamoDBStreamsClient(at(endpoints?.dynamodb)),
    s3: new S3Client({ ...at(endpoints?.s3), forcePathStyle: endpoints !== undefined }),
    lambda: new LambdaClient({ ...at(endpoints?.lambda), requestHandler: INVOCATION_TIMEOUTS }),
    secrets: new SecretsManagerClient(at(endpoints?.secrets)),
  }
}
