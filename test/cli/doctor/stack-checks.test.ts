// Checks the findings of `doctor` about a stack, against answers of AWS that the test makes up.

import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { CloudWatchClient, DescribeAlarmsCommand, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis'
import { GetFunctionConfigurationCommand, LambdaClient, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda'
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { BatchGetCommand, DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { findingsOf } from '../../../cli/commands/doctor.ts'
import { stateItem } from '../../../functions/aws/sessions-table/session-items.ts'
import { pageItem } from '../../../functions/aws/sessions-table/timer-store.ts'
import { SWEEP_VARIABLES } from '../../../functions/contract.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../functions/domain/durations.ts'
import { isoTime } from '../../../functions/domain/events/time.ts'
import { nonEmpty } from '../../../functions/domain/non-empty.ts'
import type { Session } from '../../../functions/domain/sessions/session.ts'
import { NEW_USER } from '../../../functions/domain/sessions/user-state.ts'
import { at } from '../../support/events.ts'
import { OUTPUTS } from '../../support/stack-outputs.ts'

const sts = mockClient(STSClient)
const stacks = mockClient(CloudFormationClient)
const lambda = mockClient(LambdaClient)
const cloudWatch = mockClient(CloudWatchClient)
const logs = mockClient(CloudWatchLogsClient)
const kinesis = mockClient(KinesisClient)
const dynamodb = mockClient(DynamoDBDocumentClient)
const s3 = mockClient(S3Client)
const ALL = [sts, stacks, lambda, cloudWatch, logs, kinesis, dynamodb, s3, mockClient(DynamoDBClient)]
afterAll(() => {
  for (const mocked of ALL) mocked.restore()
})

const NOW = at(100_000)
const ON_AWS = { stack: 'trial', region: 'eu-west-1' }
const HERE = { cwd: '.', env: {} }
const SWEEP: Readonly<Record<keyof typeof SWEEP_VARIABLES, string>> = {
  gapMs: String(30 * MINUTE_MS),
  latenessMs: String(MINUTE_MS),
  amendForMs: String(7 * DAY_MS),
  lateEvents: 'amend',
  maxClockSkewMs: String(5 * MINUTE_MS),
  minEventTimeMs: '946684800000',
  ubiOrdinalsFrom: '1',
  maxSessionEvents: '1000',
  maxSessionDurationMs: String(12 * HOUR_MS),
  resultRetentionMs: String(400 * 24 * HOUR_MS),
  pipelineName: 'trial',
  sessionsTable: 'the-sessions',
  stream: 'the-stream',
  sweepEveryMs: String(MINUTE_MS),
  givenUpAfterMs: String(20 * HOUR_MS),
  writes: 'batched',
}
const VARIABLES = Object.fromEntries(
  Object.entries(SWEEP_VARIABLES).map(([name, variable]) => [variable, SWEEP[name as keyof typeof SWEEP]]),
)

function stackIn(StackStatus: string): void {
  const Outputs = Object.entries(OUTPUTS).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }))
  const stack = { StackName: ON_AWS.stack, StackStatus, CreationTime: new Date(0), Outputs }
  stacks.on(DescribeStacksCommand).resolves({ Stacks: [stack as never] })
}

beforeEach(() => {
  for (const mocked of ALL) mocked.reset()
  sts.on(GetCallerIdentityCommand).resolves({ Account: '123456789012', Arn: 'arn:aws:iam::123456789012:user/ann' })
  stackIn('UPDATE_COMPLETE')
  lambda.on(GetFunctionConfigurationCommand).resolves({
    State: 'Active',
    LastUpdateStatus: 'Successful',
    Runtime: 'nodejs24.x',
    LoggingConfig: { LogGroup: 'the-log' },
    Environment: { Variables: VARIABLES },
  })
  lambda.on(ListEventSourceMappingsCommand).resolves({ EventSourceMappings: [] })
  lambda
    .on(ListEventSourceMappingsCommand, { FunctionName: 'the-ingest' })
    .resolves({ EventSourceMappings: [{ UUID: 'u-1', State: 'Enabled', LastProcessingResult: 'OK' }] })
  cloudWatch.on(GetMetricDataCommand).resolves({ MetricDataResults: [{ Values: [0] }] })
  const DescribeText = 'The sweep cannot close up to the present. See docs/operations.md, HorizonLag.'
  const alarm = { AlarmName: 'trial-HorizonLag', AlarmDescription: DescribeText, StateValue: 'OK' as const }
  cloudWatch.on(DescribeAlarmsCommand).resolves({ MetricAlarms: [alarm] })
  kinesis.on(DescribeStreamSummaryCommand).resolves({
    StreamDescriptionSummary: { StreamStatus: 'ACTIVE', OpenShardCount: 2, RetentionPeriodHours: 24 } as never,
  })
  kinesis.on(ListShardsCommand).resolves({ Shards: [{ ShardId: 'shardId-0' } as never] })
  kinesis.on(GetShardIteratorCommand).resolves({ ShardIterator: 'i' })
  kinesis.on(GetRecordsCommand).resolves({ Records: [], MillisBehindLatest: 0, NextShardIterator: 'i' })
  dynamodb.on(GetCommand).resolves({})
  dynamodb.on(QueryCommand).resolves({ Items: [], Count: 0 })
  s3.on(ListObjectsV2Command).resolves({})
})

async function wrongFindings(): Promise<Record<string, { message: string; next: string | null }>> {
  const findings = await findingsOf(ON_AWS, HERE, NOW)
  const wrong = findings.filter(({ status }) => status === 'wrong')
  return Object.fromEntries(wrong.map(({ check, message, next }) => [check, { message, next }]))
}

describe('a stack that is well', () => {
  it('every check of a healthy stack is ok', async () => {
    const findings = await findingsOf(ON_AWS, HERE, NOW)
    expect(findings.filter(({ status }) => status !== 'ok')).toEqual([])
    expect(findings.map(({ check }) => check)).toEqual([
      ...[
        'versions',
        'credentials',
        'stack',
        'ingest',
        'sweep',
        'finalize',
        'rollup',
        'mapping of ingest',
        'age',
        'alarms',
      ],
      ...['stream', 'lag', 'due sessions', 'dead letters', 'field names', 'orphan clicks'],
    ])
  })
})

describe('a wrong finding', () => {
  it('doctor counts events rejected since yesterday, and failed batches however many events were rejected', async () => {
    const [yesterday, today] = [NOW - DAY_MS, NOW].map((timeMs) => new Date(timeMs).toISOString().slice(0, 10))
    const refused = (n: number) =>
      JSON.stringify({ reason: 'not-json', detail: 'd', shard: 's', sequence: `${n}`, arrival: isoTime(NOW), data: '' })
    const objects = new Map([
      [`rejected/${yesterday}/s/1.ndjson`, Array.from({ length: 1200 }, (_, n) => refused(n)).join('\n')],
    ])
    s3.on(ListObjectsV2Command).callsFake(({ Prefix }) => ({
      Contents: [...objects.keys()].filter((key) => key.startsWith(Prefix)).map((Key) => ({ Key })),
    }))
    s3.on(GetObjectCommand).callsFake(({ Key }) => ({ Body: { transformToString: async () => objects.get(Key) } }))
    const where = '--stack trial --region eu-west-1'
    const list = (day: string | undefined, reason: string): string =>
      `search-session-ctr dead-letters list --reason ${reason}${day === undefined ? '' : ` --day ${day}`} ${where}`
    expect((await wrongFindings())['dead letters']).toEqual({
      message: '1200 not-json since yesterday, for example d',
      next: `${list(today, 'not-json')}, then docs/troubleshooting.md, More events are rejected`,
    })
    objects.set(`rejected/${today}/s/2.ndjson`, refused(2000))
    expect((await wrongFindings())['dead letters']?.message).toBe('1201 not-json since yesterday, for example d')
    objects.set('aws/lambda/x', JSON.stringify({ payload: JSON.stringify({ Records: [{ dynamodb: {} }] }) }))
    expect((await wrongFindings())['dead letters']).toEqual({
      message: '1 given-up since yesterday, for example every try of the batch failed: 1 changes of closed sessions',
      next: `${list(undefined, 'given-up')}, then docs/operations.md, BatchesGivenUp`,
    })
  })

  it('doctor reports a failed deployment and a function that was not updated', async () => {
    stackIn('UPDATE_ROLLBACK_COMPLETE')
    lambda
      .on(GetFunctionConfigurationCommand, { FunctionName: 'the-finalize' })
      .resolves({ State: 'Active', LastUpdateStatus: 'Failed', LastUpdateStatusReason: 'the key is disabled' })
    expect(await wrongFindings()).toMatchObject({
      stack: { next: 'aws cloudformation describe-stack-events --stack-name trial' },
      finalize: { message: expect.stringContaining('the key is disabled'), next: 'npx cdk deploy' },
    })
  })

  it('doctor reports the errors of a function with the last one and its page', async () => {
    cloudWatch.on(GetMetricDataCommand).resolves({ MetricDataResults: [{ Values: [2, 1] }] })
    const message = '{"step":"ingest","failure":"ThrottlingException: too \\"fast\\""}'
    logs.on(FilterLogEventsCommand).resolves({ events: [{ message }] })
    expect((await wrongFindings()).ingest).toEqual({
      message: '3 errors in the last hour, the last: ThrottlingException: too \\"fast\\"',
      next: 'docs/operations.md, IngestFailing',
    })
  })

  it('doctor reads past a page of the log without events, and to the last page of the alarms', async () => {
    cloudWatch.on(GetMetricDataCommand).resolves({ MetricDataResults: [{ Values: [1] }] })
    logs
      .on(FilterLogEventsCommand)
      .resolves({ events: [], nextToken: 'more' })
      .on(FilterLogEventsCommand, { nextToken: 'more' })
      .resolves({ events: [{ message: '{"failure":"Error: on page two"}' }] })
    const raised = {
      AlarmName: 'trial-x',
      AlarmDescription: 'Sessions close late. See docs/operations.md, HorizonLag.',
      StateValue: 'ALARM' as const,
      StateUpdatedTimestamp: new Date(at(0)),
    }
    cloudWatch
      .on(DescribeAlarmsCommand)
      .resolves({ MetricAlarms: [], NextToken: 'more' })
      .on(DescribeAlarmsCommand, { NextToken: 'more' })
      .resolves({ MetricAlarms: [raised] })
    const found = await wrongFindings()
    expect(found.ingest?.message).toContain('on page two')
    expect(found.alarms).toMatchObject({ next: 'docs/operations.md, HorizonLag' })
  })

  it('doctor reports a raised alarm with its heading in the runbook, but none of another stack', async () => {
    const alarm = (AlarmName: string, AlarmDescription: string) => ({
      AlarmName,
      AlarmDescription,
      StateValue: 'ALARM' as const,
      StateUpdatedTimestamp: new Date(at(0)),
    })
    const MetricAlarms = [
      alarm('trial-x', 'Sessions close late. See docs/operations.md, HorizonLag.'),
      alarm('trial-2-y', 'An alarm of another project.'),
    ]
    cloudWatch.on(DescribeAlarmsCommand).resolves({ MetricAlarms })
    const found = await wrongFindings()
    expect(found.alarms).toMatchObject({ next: 'docs/operations.md, HorizonLag' })
    expect(found.alarms?.message).toMatch(/^HorizonLag since .*: Sessions close late\.$/)
  })

  it('doctor reports a disabled mapping and a shard that ingest does not read', async () => {
    const off = { UUID: 'u-1', State: 'Disabled', StateTransitionReason: 'User action' }
    lambda.on(ListEventSourceMappingsCommand, { FunctionName: 'the-ingest' }).resolves({ EventSourceMappings: [off] })
    const record = { ApproximateArrivalTimestamp: new Date(NOW - 2 * HOUR_MS) } as never
    kinesis.on(GetRecordsCommand).resolves({ Records: [record], MillisBehindLatest: 1 })
    expect(await wrongFindings()).toMatchObject({
      'mapping of ingest': { next: 'aws lambda update-event-source-mapping --uuid u-1 --enabled' },
      lag: { message: 'ingest has applied everything up to 2.0 hours ago', next: 'docs/operations.md, HorizonLag' },
    })
  })

  it('doctor counts a session that should be closed, but not one whose timer only fires early', async () => {
    const startMs = NOW - 2 * HOUR_MS
    const session: Session = {
      ids: ['one'],
      continues: null,
      limitedBy: null,
      events: [{ type: 'AppOpen', eventId: 'e', timeMs: startMs }],
    }
    const overdue = { ...NEW_USER, version: 1, skewMs: 0, open: [session] }
    const ahead = { ...overdue, skewMs: -3 * HOUR_MS }
    const timers = nonEmpty(['ann', 'ben'].map((user) => ({ user, atMs: startMs })))
    const page = pageItem({ id: 'page#0', startMs, timers })
    dynamodb
      .on(QueryCommand)
      .callsFake(({ ExpressionAttributeValues: values }) => (values[':timers'] === page.pk ? { Items: [page] } : {}))
    dynamodb.on(BatchGetCommand).resolves({
      Responses: { 'the-sessions': [stateItem('ann', overdue, 0), stateItem('ben', ahead, 0)] },
    })
    expect((await wrongFindings())['due sessions']?.message).toBe('2 users with a timer, 1 overdue')
  })

  it('doctor reports a table that does not exist', async () => {
    dynamodb.on(QueryCommand).rejects(Object.assign(new Error('no such table'), { name: 'ResourceNotFoundException' }))
    expect((await wrongFindings())['due sessions']).toMatchObject({ message: 'does not exist: no such table' })
  })

  it('doctor stops where the credentials or the stack are missing', async () => {
    stacks.on(DescribeStacksCommand).rejects(Object.assign(new Error('no'), { name: 'ValidationError' }))
    expect((await findingsOf(ON_AWS, HERE, NOW)).at(-1)).toMatchObject({ check: 'stack', status: 'wrong' })
    sts.on(GetCallerIdentityCommand).rejects(Object.assign(new Error('old'), { name: 'ExpiredTokenException' }))
    expect((await findingsOf(ON_AWS, HERE, NOW)).at(-1)).toMatchObject({
      check: 'credentials',
      message: expect.stringContaining('aws sso login'),
    })
  })
})

describe('missing permissions', () => {
  it('a check that the credentials do not allow is unknown, not wrong', async () => {
    const denied = Object.assign(new Error('not authorized to perform: x'), { name: 'AccessDeniedException' })
    cloudWatch.on(DescribeAlarmsCommand).rejects(denied)
    s3.on(ListObjectsV2Command).rejects(denied)
    const findings = await findingsOf(ON_AWS, HERE, NOW)
    const unknown = findings.filter(({ status }) => status === 'unknown')
    expect(unknown.map(({ check }) => check)).toEqual(['alarms', 'dead letters'])
    expect(findings.some(({ status }) => status === 'wrong')).toBe(false)
  })
})
