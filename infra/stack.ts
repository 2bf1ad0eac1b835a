// The pipeline wired in the data's order: settings in; stream, ingest, sessions, sweep, finalize and results out.

import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis'
import {
  EventSourceMapping,
  FilterCriteria,
  FilterRule,
  type IFunction,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda'
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3'
import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import {
  ABSORBED,
  CLOSED,
  DUE_INDEX,
  type Environment,
  FAILED_PREFIX,
  FINALIZE_VARIABLES,
  INGEST_VARIABLES,
  KIND,
  REJECTED_PREFIX,
  RULE_VARIABLES,
  SWEEP_VARIABLES,
} from '../functions/contract.ts'
import { type Permission, pipelineFunction } from './pipeline-function.ts'
import type { Settings } from './settings.ts'
import { resultsTable, sessionsTable } from './tables.ts'

export class SearchSessionCtrStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id, { description: 'Sessions and click-through rates from a stream of search events' })
    const stream = eventStream(this, settings)
    const deadLetters = deadLetterBucket(this, settings)
    const sessions = sessionsTable(this)
    const results = resultsTable(this)
    const ingester = ingest(this, settings, stream, sessions, deadLetters)
    const sweeper = sweep(this, settings, stream, sessions)
    const finalizer = finalize(this, settings, sessions, results, deadLetters)

    output(this, 'StreamName', stream.streamName, 'Write events here')
    output(this, 'ResultsTableName', results.tableName, 'Read results here')
    output(this, 'SessionsTableName', sessions.tableName, 'Open and closed sessions')
    output(this, 'DeadLetterBucketName', deadLetters.bucketName, 'Refused events and failed batches')
    output(this, 'IngestFunctionName', ingester.functionName, 'Sends dead letters again')
    output(this, 'FinalizeFunctionName', finalizer.functionName, 'Sends failed batches of closed sessions again')
    output(this, 'SweepFunctionName', sweeper.functionName, 'Invoke with {"drain": true} to close everything now')
  }
}

function eventStream(scope: Construct, settings: Settings): Stream {
  return new Stream(scope, 'Events', {
    streamMode: StreamMode.PROVISIONED,
    shardCount: settings.shards,
    retentionPeriod: Duration.millis(settings.streamRetention),
    encryption: StreamEncryption.MANAGED,
    removalPolicy: RemovalPolicy.RETAIN,
  })
}

function deadLetterBucket(scope: Construct, settings: Settings): Bucket {
  return new Bucket(scope, 'DeadLetters', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    lifecycleRules: [{ expiration: Duration.millis(settings.deadLetterRetention) }],
    removalPolicy: RemovalPolicy.RETAIN,
  })
}

function ingest(
  scope: Construct,
  settings: Settings,
  stream: Stream,
  sessions: TableV2,
  deadLetters: Bucket,
): IFunction {
  const environment: Environment<typeof INGEST_VARIABLES> = {
    ...ruleEnvironment(settings),
    [INGEST_VARIABLES.sessionsTable]: sessions.tableName,
    [INGEST_VARIABLES.deadLetterBucket]: deadLetters.bucketName,
  }
  const target = pipelineFunction(scope, 'Ingest', {
    step: 'ingest',
    environment,
    timeout: Duration.seconds(60),
    permissions: [
      readStream(stream),
      { actions: ['dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:Query'], resources: [sessions.tableArn] },
      { actions: ['s3:PutObject'], resources: [deadLetters.arnForObjects(`${REJECTED_PREFIX}*`)] },
      ...failedBatches(deadLetters),
    ],
  })
  new EventSourceMapping(scope, 'IngestEvents', {
    target,
    eventSourceArn: stream.streamArn,
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: settings.batchSize,
    maxBatchingWindow: Duration.millis(settings.batchWindow),
    // One lane a shard: with more, the sweeper could not know what of a shard has been applied.
    parallelizationFactor: 1,
    ...retriedFor(settings.streamRetention, deadLetters),
  })
  return target
}

function sweep(scope: Construct, settings: Settings, stream: Stream, sessions: TableV2): IFunction {
  const environment: Environment<typeof SWEEP_VARIABLES> = {
    ...ruleEnvironment(settings),
    [SWEEP_VARIABLES.sessionsTable]: sessions.tableName,
    [SWEEP_VARIABLES.stream]: stream.streamName,
    [SWEEP_VARIABLES.sweepEveryMs]: String(settings.sweepEvery),
    [SWEEP_VARIABLES.givenUpAfterMs]: String(recordAgeMsMax(settings.streamRetention) + LAST_TRY_MS),
  }
  const target = pipelineFunction(scope, 'Sweep', {
    step: 'sweep',
    environment,
    timeout: Duration.seconds(55),
    permissions: [
      {
        actions: ['kinesis:ListShards', 'kinesis:GetShardIterator', 'kinesis:GetRecords'],
        resources: [stream.streamArn],
      },
      { actions: ['dynamodb:Query'], resources: [`${sessions.tableArn}/index/${DUE_INDEX.name}`] },
      { actions: ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:PutItem'], resources: [sessions.tableArn] },
    ],
  })
  new Rule(scope, 'SweepSchedule', {
    description: 'Closes the sessions that are due',
    schedule: Schedule.rate(Duration.millis(settings.sweepEvery)),
    targets: [
      // The next tick is the retry.
      new LambdaFunction(target, { event: RuleTargetInput.fromObject({ drain: false }), retryAttempts: 0 }),
    ],
  })
  return target
}

function finalize(
  scope: Construct,
  settings: Settings,
  sessions: TableV2,
  results: TableV2,
  deadLetters: Bucket,
): IFunction {
  const tableStreamArn = sessions.tableStreamArn
  if (tableStreamArn === undefined) throw new Error('the sessions table has no stream')
  const environment: Environment<typeof FINALIZE_VARIABLES> = {
    [FINALIZE_VARIABLES.sessionsTable]: sessions.tableName,
    [FINALIZE_VARIABLES.resultsTable]: results.tableName,
    [FINALIZE_VARIABLES.resultRetentionMs]: String(settings.resultRetention),
  }
  const target = pipelineFunction(scope, 'Finalize', {
    step: 'finalize',
    environment,
    timeout: Duration.seconds(60),
    permissions: [
      {
        actions: [
          'dynamodb:DescribeStream',
          'dynamodb:GetRecords',
          'dynamodb:GetShardIterator',
          'dynamodb:ListStreams',
        ],
        resources: [tableStreamArn],
      },
      { actions: ['dynamodb:GetItem'], resources: [sessions.tableArn] },
      { actions: ['dynamodb:PutItem', 'dynamodb:DeleteItem'], resources: [results.tableArn] },
      ...failedBatches(deadLetters),
    ],
  })
  new EventSourceMapping(scope, 'FinalizeClosed', {
    target,
    eventSourceArn: tableStreamArn,
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: 100,
    // Most writes to the table are appends; only closings, and what they absorbed, cost an invocation.
    filters: [
      FilterCriteria.filter({
        eventName: FilterRule.or('INSERT', 'MODIFY'),
        dynamodb: { NewImage: { [KIND]: { S: FilterRule.or(CLOSED, ABSORBED) } } },
      }),
    ],
    // A table's stream keeps a day.
    ...retriedFor(Duration.days(1).toMilliseconds(), deadLetters),
  })
  return target
}

/** How old a record may be when it is tried for the last time: what is left of the retention is for looking into it. */
function recordAgeMsMax(retentionMs: number): number {
  return Math.floor((retentionMs * 5) / 6 / 1000) * 1000
}

/** A last try may begin just before that age, wait for its window and take its time. */
const LAST_TRY_MS = Duration.minutes(15).toMilliseconds()

/** Tries a batch again for most of the stream's retention, ever smaller parts of it, then keeps it as a dead letter. */
function retriedFor(retentionMs: number, deadLetters: Bucket) {
  return {
    reportBatchItemFailures: true,
    bisectBatchOnError: true,
    maxRecordAge: Duration.millis(recordAgeMsMax(retentionMs)),
    onFailure: { bind: () => ({ destination: deadLetters.bucketArn }) },
  }
}

/** What a failure destination needs, and no more: CDK's own would let the function read and delete dead letters. */
function failedBatches(deadLetters: Bucket): Permission[] {
  return [
    { actions: ['s3:PutObject'], resources: [deadLetters.arnForObjects(`${FAILED_PREFIX}*`)] },
    { actions: ['s3:ListBucket'], resources: [deadLetters.bucketArn] },
  ]
}

function readStream(stream: Stream): Permission {
  return {
    actions: [
      'kinesis:DescribeStream',
      'kinesis:DescribeStreamSummary',
      'kinesis:GetRecords',
      'kinesis:GetShardIterator',
      'kinesis:ListShards',
    ],
    resources: [stream.streamArn],
  }
}

function ruleEnvironment(settings: Settings): Environment<typeof RULE_VARIABLES> {
  return {
    [RULE_VARIABLES.gapMs]: String(settings.gap),
    [RULE_VARIABLES.latenessMs]: String(settings.lateness),
    [RULE_VARIABLES.amendForMs]: String(settings.amendFor),
    [RULE_VARIABLES.lateEvents]: settings.lateEvents,
    [RULE_VARIABLES.maxClockSkewMs]: String(settings.maxClockSkew),
    [RULE_VARIABLES.maxSessionEvents]: String(settings.maxSessionEvents),
    [RULE_VARIABLES.maxSessionDurationMs]: String(settings.maxSessionDuration),
  }
}

function output(scope: Construct, id: string, value: string, description: string): void {
  new CfnOutput(scope, id, { value, description })
}
