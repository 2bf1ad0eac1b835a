// What the stack keeps and how its parts are wired: each `it` is a promise that a change of the template could break.

import type { Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { HOUR_INDEX } from '../../functions/contract.ts'
import {
  type FoundResource,
  type Properties,
  referenceText,
  resource,
  resourcesOf,
  synthesizedTemplate,
} from '../support/synthesized-stack.ts'

const MAPPING = 'AWS::Lambda::EventSourceMapping'
const TABLE = 'AWS::DynamoDB::GlobalTable'

const CHANGED = {
  shards: '3',
  streamRetention: '3d',
  deadLetterRetention: '14d',
  batchSize: '77',
  batchWindow: '9s',
  sweepEvery: '5m',
  rollupEvery: '10m',
}

let template: Template
let changed: Template

beforeAll(() => {
  template = synthesizedTemplate()
  changed = synthesizedTemplate(CHANGED)
})

describe('the tables', () => {
  const tables = (): FoundResource[] => {
    const found = resourcesOf(template, TABLE)
    expect(found.map(({ name }) => name)).toEqual(['Sessions', 'Results'])
    return found
  }

  it('can be restored to any second', () => {
    for (const { Properties } of tables()) {
      expect(Properties.Replicas).toHaveLength(1)
      expect(Properties.Replicas[0].PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true })
    }
  })

  it('cannot be deleted by mistake, and stay when the stack goes', () => {
    for (const table of tables()) {
      expect(table.Properties.Replicas[0].DeletionProtectionEnabled).toBe(true)
      expect([table.DeletionPolicy, table.UpdateReplacePolicy]).toEqual(['Retain', 'Retain'])
    }
  })

  it('forget items by themselves', () => {
    for (const { Properties } of tables()) {
      expect(Properties.TimeToLiveSpecification).toEqual({ AttributeName: 'expires_at', Enabled: true })
    }
  })

  it('are billed by use, and keyed by pk and sk', () => {
    for (const { Properties } of tables()) {
      expect(Properties.BillingMode).toBe('PAY_PER_REQUEST')
      expect(Properties.KeySchema).toEqual([
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ])
    }
  })

  it('of sessions has no index: an index is written as often as what it shows', () => {
    const [sessions] = tables()
    expect(sessions?.Properties.GlobalSecondaryIndexes).toBeUndefined()
  })

  it('have an index of the results by hour, on attributes that only rows have, with what rollups count', () => {
    const [, results] = tables()
    expect(results?.Properties.GlobalSecondaryIndexes).toEqual([
      {
        IndexName: 'by_hour',
        KeySchema: [
          { AttributeName: 'hour_slice', KeyType: 'HASH' },
          { AttributeName: 'slice_key', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...HOUR_INDEX.attributes] },
      },
    ])
  })

  it('stream the sessions, before and after each change, and not the results', () => {
    const [sessions, results] = tables()
    expect(sessions?.Properties.StreamSpecification).toEqual({ StreamViewType: 'NEW_AND_OLD_IMAGES' })
    expect(results?.Properties.StreamSpecification).toBeUndefined()
  })
})

describe('the stream', () => {
  it('is encrypted, and stays when the stack goes', () => {
    const stream = resource(template, 'AWS::Kinesis::Stream', 'Events')
    expect(stream.Properties.StreamEncryption.EncryptionType).toBe('KMS')
    expect([stream.DeletionPolicy, stream.UpdateReplacePolicy]).toEqual(['Retain', 'Retain'])
  })

  it('has the shards and the retention of the settings', () => {
    const sizes = (from: Template): number[] => {
      const { ShardCount, RetentionPeriodHours } = resource(from, 'AWS::Kinesis::Stream', 'Events').Properties
      return [ShardCount, RetentionPeriodHours]
    }
    expect(sizes(template)).toEqual([1, 24])
    expect(sizes(changed)).toEqual([3, 72])
  })
})

describe('the dead-letter bucket', () => {
  const bucket = (from: Template): FoundResource => resource(from, 'AWS::S3::Bucket', 'DeadLetters')

  it('is never public, is encrypted, and stays when the stack goes', () => {
    const { Properties, DeletionPolicy, UpdateReplacePolicy } = bucket(template)
    expect(Properties.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    })
    const [rule] = Properties.BucketEncryption.ServerSideEncryptionConfiguration
    expect(rule.ServerSideEncryptionByDefault.SSEAlgorithm).toBe('AES256')
    expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain'])
  })

  it('refuses what is not sent over TLS', () => {
    const [policy] = resourcesOf(template, 'AWS::S3::BucketPolicy')
    const denied = policy?.Properties.PolicyDocument.Statement.find(({ Effect }: Properties) => Effect === 'Deny')
    expect(referenceText(policy?.Properties.Bucket)).toBe('DeadLetters')
    expect(denied).toMatchObject({ Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })
    expect(denied.Resource.map(referenceText)).toEqual(['DeadLetters.Arn', 'DeadLetters.Arn/*'])
  })

  it('forgets what is older than the setting', () => {
    const rule = { Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }
    expect(bucket(template).Properties.LifecycleConfiguration.Rules).toEqual([{ ...rule, ExpirationInDays: 30 }])
    expect(bucket(changed).Properties.LifecycleConfiguration.Rules).toEqual([{ ...rule, ExpirationInDays: 14 }])
  })
})

describe('the event source mappings', () => {
  it('are one of the stream and one of the sessions table', () => {
    const wired = resourcesOf(template, MAPPING).map(({ Properties }) => [
      referenceText(Properties.EventSourceArn),
      referenceText(Properties.FunctionName),
    ])
    expect(wired).toEqual([
      ['Events.Arn', 'Ingest'],
      ['Sessions.StreamArn', 'Finalize'],
    ])
  })

  it.each(['IngestEvents', 'FinalizeClosed'])('try again only what failed, in ever smaller parts: %s', (name) => {
    const { Properties } = resource(template, MAPPING, name)
    expect(Properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures'])
    expect(Properties.BisectBatchOnFunctionError).toBe(true)
    expect(Properties.StartingPosition).toBe('TRIM_HORIZON')
  })

  it.each(['IngestEvents', 'FinalizeClosed'])('keep what they give up in the dead-letter bucket: %s', (name) => {
    const { Properties } = resource(template, MAPPING, name)
    expect(referenceText(Properties.DestinationConfig.OnFailure.Destination)).toBe('DeadLetters.Arn')
  })

  it('give a batch up before its stream forgets it', () => {
    for (const from of [template, changed]) {
      const retentionHours = resource(from, 'AWS::Kinesis::Stream', 'Events').Properties.RetentionPeriodHours
      const oldest = (name: string): number => resource(from, MAPPING, name).Properties.MaximumRecordAgeInSeconds
      expect(oldest('IngestEvents')).toBeGreaterThan(0)
      expect(oldest('IngestEvents')).toBeLessThan(retentionHours * 3600)
      expect(oldest('FinalizeClosed')).toBeGreaterThan(0)
      expect(oldest('FinalizeClosed')).toBeLessThan(24 * 3600)
    }
  })

  it('hand ingest all of a shard in order, in batches of the settings', () => {
    const { Properties } = resource(changed, MAPPING, 'IngestEvents')
    expect(Properties.ParallelizationFactor).toBe(1)
    expect(Properties).not.toHaveProperty('FilterCriteria')
    expect([Properties.BatchSize, Properties.MaximumBatchingWindowInSeconds]).toEqual([77, 9])
  })

  it('hand finalize the sessions that were closed or absorbed, and nothing else', () => {
    const [filter, ...others] = resource(template, MAPPING, 'FinalizeClosed').Properties.FilterCriteria.Filters
    expect(others).toEqual([])
    expect(JSON.parse(filter.Pattern)).toEqual({
      eventName: ['INSERT', 'MODIFY'],
      dynamodb: { NewImage: { kind: { S: ['closed', 'tombstone'] } } },
    })
  })
})

describe('the schedules', () => {
  it.each([
    ['Sweep', ['rate(1 minute)', 'rate(5 minutes)']],
    ['Rollup', ['rate(5 minutes)', 'rate(10 minutes)']],
  ])('invoke their function at the rate of the settings, without draining: %s', (name, expected) => {
    const rates = [template, changed].map((from) => resource(from, 'AWS::Events::Rule', `${name}Schedule`).Properties)
    expect(rates.map(({ ScheduleExpression }) => ScheduleExpression)).toEqual(expected)
    const [target, ...others] = rates[0].Targets
    expect([referenceText(target.Arn), JSON.parse(target.Input), others]).toEqual([`${name}.Arn`, { drain: false }, []])
  })

  it('may each invoke their function, and nothing else may', () => {
    const permissions = resourcesOf(template, 'AWS::Lambda::Permission').map(({ Properties }) => [
      referenceText(Properties.FunctionName),
      Properties.Principal,
      referenceText(Properties.SourceArn),
    ])
    expect(permissions).toEqual([
      ['Sweep.Arn', 'events.amazonaws.com', 'SweepSchedule.Arn'],
      ['Rollup.Arn', 'events.amazonaws.com', 'RollupSchedule.Arn'],
    ])
  })
})

describe('the outputs', () => {
  it.each([
    ['StreamName', 'Events'],
    ['StreamArn', 'Events.Arn'],
    ['ResultsTableName', 'Results'],
    ['SessionsTableName', 'Sessions'],
    ['DeadLetterBucketName', 'DeadLetters'],
    ['SweepFunctionName', 'Sweep'],
    ['IngestFunctionName', 'Ingest'],
    ['FinalizeFunctionName', 'Finalize'],
    ['RollupFunctionName', 'Rollup'],
  ])('name what a user reaches: %s', (output, name) => {
    const found = template.findOutputs(output)[output]
    expect(referenceText(found?.Value)).toBe(name)
    expect(found?.Description).toMatch(/\w/)
  })

  it('are no others', () => expect(Object.keys(template.findOutputs('*'))).toHaveLength(9))
})
