// Opens the pipeline that a command works on: a stack on AWS, or a pipeline that runs on this
// machine.

import { resolve } from 'node:path'
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
import { DEFAULT_RUNNING_PATH, type RunningPipeline, readRunningPipeline } from '../../local/run/running-pipeline.ts'
import { UserError } from '../../terminal/user-error.ts'
import type { TargetOptions } from './target-options.ts'

const OUTPUTS = [
  'StreamName',
  'ResultsTableName',
  'SessionsTableName',
  'DeadLetterBucketName',
  'IngestFunctionName',
  'SweepFunctionName',
  'FinalizeFunctionName',
] as const

export type Outputs = { readonly [name in (typeof OUTPUTS)[number]]: string } & {
  /** Undefined with `rollups: off`. */
  readonly RollupFunctionName?: string
}

export interface TargetClients {
  readonly kinesis: KinesisClient
  readonly dynamodb: DynamoDBDocumentClient
  readonly tableStreams: DynamoDBStreamsClient
  readonly s3: S3Client
  readonly lambda: LambdaClient
  readonly secrets: SecretsManagerClient
}

export interface Target {
  /** Names the pipeline in a sentence: `stack SearchSessionCtr in eu-west-1`. */
  readonly title: string
  /** Identifies the stream, so that `produce` can remember which lines it sent there. */
  readonly streamId: string
  readonly outputs: Outputs
  readonly clients: TargetClients
  /** Null for a stack. */
  readonly runningPipeline: RunningPipeline | null
  /** Null for a local run. */
  readonly stack: Stack | null
}

/** Throws a UserError for a pipeline with `rollups: off`, which has no sums and no hour index. */
export function checkHasRollups({ title, outputs }: Pick<Target, 'title' | 'outputs'>): void {
  if (outputs.RollupFunctionName !== undefined) return
  throw new UserError(
    `The rows of ${title} are neither indexed by hour nor summed (setting rollups: off): 'search-session-ctr results --user ID' reads them.`,
  )
}

/** A pipeline of which only these outputs are known. */
export interface NamedTarget<K extends keyof Outputs> extends Pick<Target, 'title' | 'clients' | 'runningPipeline'> {
  readonly outputs: Pick<Outputs, K>
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

/** @param folder the folder that the command runs in. */
export async function openTarget(options: TargetOptions, folder: string): Promise<Target> {
  if (options.local === undefined) return openStack(options)
  const runningPipeline = await readRunningPipeline(
    resolve(folder, options.local === true ? DEFAULT_RUNNING_PATH : options.local),
  )
  return {
    title: 'the local run',
    streamId: `local ${runningPipeline.startedAt} ${runningPipeline.outputs.StreamName}`,
    outputs: checkedOutputs(runningPipeline.outputs, 'the local run'),
    clients: clientsOf({ ...LOCAL_CONFIG, maxAttempts: 2, requestHandler: TIMEOUTS }, runningPipeline.endpoints),
    runningPipeline,
    stack: null,
  }
}

/**
 * Opens a pipeline whose outputs the options may name. Asks no stack if they name all of them, so
 * that the command also works on a pipeline in a stack of another project.
 *
 * @param named the outputs that the command needs; undefined where an option is absent.
 */
export async function openNamed<K extends keyof Outputs>(
  named: { readonly [name in K]: string | undefined },
  options: TargetOptions,
  folder: string,
): Promise<NamedTarget<K>> {
  const given = Object.fromEntries(Object.entries(named).filter(([, name]) => name !== undefined))
  const isWhole = Object.keys(given).length === Object.keys(named).length
  if (isWhole && options.local === undefined)
    return {
      title: 'the named pipeline',
      outputs: given as Pick<Outputs, K>,
      clients: clientsOf(awsConfig(options)),
      runningPipeline: null,
    }
  const target = await openTarget(options, folder)
  return { ...target, outputs: { ...target.outputs, ...given } }
}

async function openStack(options: TargetOptions): Promise<Target> {
  const config = awsConfig(options)
  const cloudFormation = new CloudFormationClient(config)
  const stack = await describeStack(cloudFormation, options.stack)
  const title = `stack ${options.stack} in ${await cloudFormation.config.region()}`
  const found = (stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue])
  const outputs = Object.fromEntries(found) as Readonly<Record<string, string>>
  return {
    title,
    streamId: outputs.StreamArn ?? `${title} ${outputs.StreamName}`,
    outputs: checkedOutputs(outputs, title),
    clients: clientsOf(config),
    runningPipeline: null,
    stack,
  }
}

export async function describeStack(cloudFormation: CloudFormationClient, name: string): Promise<Stack> {
  const region = await cloudFormation.config.region()
  try {
    const { Stacks: stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: name }))
    if (stacks?.[0] !== undefined) return stacks[0]
  } catch (error) {
    if ((error as Error).name !== 'ValidationError') throw error
  }
  throw new UserError(
    `There is no stack ${name} in ${region}: deploy it with 'npx cdk deploy', name another with --stack or --region, ` +
      'or use a local run with --local.',
  )
}

function checkedOutputs(outputs: Readonly<Record<string, string>>, title: string): Outputs {
  const missing = OUTPUTS.find((name) => outputs[name] === undefined)
  if (missing === undefined) return outputs as Outputs
  throw new UserError(
    `The output ${missing} is missing in ${title}: is it a stack of this project, and of this version?`,
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
