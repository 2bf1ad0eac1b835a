// Tests the stack's storage and its wiring by the synthesized template.

import type { Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { HOUR_INDEX } from '../../functions/contract.ts'
import { readRollupRequest } from '../../functions/rollup/rollup-request.ts'
import { readSweepRequest } from '../../functions/sweep/sweep-request.ts'
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
  finalizers: '7',
  ingestMemoryMb: '1024',
  sweepMemoryMb: '1025',
  finalizeMemoryMb: '1026',
  rollupMemoryMb: '1027',
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

  it('the tables can be restored to any second', () => {
    for (const { Properties } of tables()) {
      expect(Properties.Replicas).toHaveLength(1)
      expect(Properties.Replicas[0].PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true })
    }
  })

  it('the tables are protected from deletion, and stay when the stack is destroyed', () => {
    for (const table of tables()) {
      expect(table.Properties.Replicas[0].DeletionProtectionEnabled).toBe(true)
      expect([table.DeletionPolicy, table.UpdateReplacePolicy]).toEqual(['Retain', 'Retain'])
    }
  })

  it('DynamoDB deletes expired items of the tables', () => {
    for (const { Properties } of tables()) {
      expect(Properties.TimeToLiveSpecification).toEqual({ AttributeName: 'expires_at', Enabled: true })
    }
  })

  it('the tables are billed by request, and have the keys pk and sk', () => {
    for (const { Properties } of tables()) {
      expect(Properties.BillingMode).toBe('PAY_PER_REQUEST')
      expect(Properties.KeySchema).toEqual([
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ])
    }
  })

  it('the sessions table has no index, which would double its writes', () => {
    const [sessions] = tables()
    expect(sessions?.Properties.GlobalSecondaryIndexes).toBeUndefined()
  })

  it('the results table has an index of rows by hour with the attributes that rollups read', () => {
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

  it('only the sessions table has a stream, with both images', () => {
    const [sessions, results] = tables()
    expect(sessions?.Properties.StreamSpecification).toEqual({ StreamViewType: 'NEW_AND_OLD_IMAGES' })
    expect(results?.Properties.StreamSpecification).toBeUndefined()
  })
})

describe('the stream', () => {
  it('the stream is encrypted, and stays when the stack is destroyed', () => {
    const stream = resource(template, 'AWS::Kinesis::Stream', 'Events')
    expect(stream.Properties.StreamEncryption.EncryptionType).toBe('KMS')
    expect([stream.DeletionPolicy, stream.UpdateReplacePolicy]).toEqual(['Retain', 'Retain'])
  })

  it('the stream has the shards and the retention of the settings', () => {
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

  it('the bucket is private and encrypted, and stays when the stack is destroyed', () => {
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

  it('the bucket refuses requests without TLS', () => {
    const [policy] = resourcesOf(template, 'AWS::S3::BucketPolicy')
    const denied = policy?.Properties.PolicyDocument.Statement.find(({ Effect }: Properties) => Effect === 'Deny')
    expect(referenceText(policy?.Properties.Bucket)).toBe('DeadLetters')
    expect(denied).toMatchObject({ Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })
    expect(denied.Resource.map(referenceText)).toEqual(['DeadLetters.Arn', 'DeadLetters.Arn/*'])
  })

  it('the bucket deletes dead letters after the set retention', () => {
    const rule = { Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }
    expect(bucket(template).Properties.LifecycleConfiguration.Rules).toEqual([{ ...rule, ExpirationInDays: 30 }])
    expect(bucket(changed).Properties.LifecycleConfiguration.Rules).toEqual([{ ...rule, ExpirationInDays: 14 }])
  })
})

describe('the event source mappings', () => {
  it('the stream invokes ingest, and the sessions table invokes finalize', () => {
    const wired = resourcesOf(template, MAPPING).map(({ Properties }) => [
      referenceText(Properties.EventSourceArn),
      referenceText(Properties.FunctionName),
    ])
    expect(wired).toEqual([
      ['Events.Arn', 'Ingest'],
      ['Sessions.StreamArn', 'Finalize'],
    ])
  })

  it.each(['IngestEvents', 'FinalizeClosed'])(
    '%s retries only the failed part of a batch, in ever smaller parts',
    (name) => {
      const { Properties } = resource(template, MAPPING, name)
      expect(Properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures'])
      expect(Properties.BisectBatchOnFunctionError).toBe(true)
      expect(Properties.StartingPosition).toBe('TRIM_HORIZON')
    },
  )

  it.each(['IngestEvents', 'FinalizeClosed'])(
    '%s stores the batches that Lambda gives up in the dead-letter bucket',
    (name) => {
      const { Properties } = resource(template, MAPPING, name)
      expect(referenceText(Properties.DestinationConfig.OnFailure.Destination)).toBe('DeadLetters.Arn')
    },
  )

  it('Lambda gives a batch up before its stream deletes it', () => {
    for (const from of [template, changed]) {
      const retentionHours = resource(from, 'AWS::Kinesis::Stream', 'Events').Properties.RetentionPeriodHours
      const oldest = (name: string): number => resource(from, MAPPING, name).Properties.MaximumRecordAgeInSeconds
      expect(oldest('IngestEvents')).toBeGreaterThan(0)
      expect(oldest('IngestEvents')).toBeLessThan(retentionHours * 3600)
      expect(oldest('FinalizeClosed')).toBeGreaterThan(0)
      expect(oldest('FinalizeClosed')).toBeLessThan(24 * 3600)
    }
  })

  it('ingest gets all records of a shard in order, in batches of the set size', () => {
    const { Properties } = resource(changed, MAPPING, 'IngestEvents')
    expect(Properties.ParallelizationFactor).toBe(1)
    expect(Properties).not.toHaveProperty('FilterCriteria')
    expect([Properties.BatchSize, Properties.MaximumBatchingWindowInSeconds]).toEqual([77, 9])
  })

  it('finalize gets as many batches of a shard at once as the setting allows', () => {
    expect(resource(template, MAPPING, 'FinalizeClosed').Properties.ParallelizationFactor).toBe(2)
    expect(resource(changed, MAPPING, 'FinalizeClosed').Properties.ParallelizationFactor).toBe(7)
  })

  it('only closed sessions and tombstones invoke finalize', () => {
    const [filter, ...others] = resource(template, MAPPING, 'FinalizeClosed').Properties.FilterCriteria.Filters
    expect(others).toEqual([])
    expect(JSON.parse(filter.Pattern)).toEqual({
      eventName: ['INSERT', 'MODIFY'],
      dynamodb: { NewImage: { kind: { S: ['closed', 'tombstone'] } } },
    })
  })
})

describe('the memory', () => {
  it('each function has the memory that its setting names', () => {
    const memories = ['Ingest', 'Sweep', 'Finalize', 'Rollup'].map(
      (name) => resource(changed, 'AWS::Lambda::Function', name).Properties.MemorySize,
    )
    expect(memories).toEqual([1024, 1025, 1026, 1027])
  })
})

describe('the schedules', () => {
  it.each([
    ['Sweep', ['rate(1 minute)', 'rate(5 minutes)']],
    ['Rollup', ['rate(5 minutes)', 'rate(10 minutes)']],
  ])('the schedule of %s runs at the set rate and does not drain', (name, expected) => {
    const rates = [template, changed].map((from) => resource(from, 'AWS::Events::Rule', `${name}Schedule`).Properties)
    expect(rates.map(({ ScheduleExpression }) => ScheduleExpression)).toEqual(expected)
    const [target, ...others] = rates[0].Targets
    expect([referenceText(target.Arn), JSON.parse(target.Input), others]).toEqual([`${name}.Arn`, { drain: false }, []])
  })

  it('invoke each sweeper with its share, by as many rules as have room for them', () => {
    const many = synthesizedTemplate({ sweepers: '7' })
    const rules = ['SweepSchedule', 'SweepSchedule2'].map(
      (name) => resource(many, 'AWS::Events::Rule', name).Properties,
    )
    const targets = rules.flatMap(({ Targets }) => Targets)
    expect(rules.map(({ Targets }) => Targets.length)).toEqual([5, 2])
    expect(targets.map(({ Input }) => readSweepRequest(JSON.parse(Input)))).toEqual(
      Array.from({ length: 7 }, (_, number) => ({ drain: false, fromMs: 0, share: { number, of: 7 } })),
    )
    expect(new Set(targets.map(({ Arn }) => referenceText(Arn)))).toEqual(new Set(['Sweep.Arn']))
    const permissions = resourcesOf(many, 'AWS::Lambda::Permission').map(({ Properties }) => Properties.SourceArn)
    expect(permissions.map(referenceText)).toContain('SweepSchedule2.Arn')
  })

  it('invoke each rollup run with its share', () => {
    const many = synthesizedTemplate({ rollupRuns: '3' })
    const { Targets: targets } = resource(many, 'AWS::Events::Rule', 'RollupSchedule').Properties
    const inputs: string[] = targets.map(({ Input }: { Input: string }) => Input)
    expect(inputs.map((input) => readRollupRequest(JSON.parse(input)))).toEqual(
      Array.from({ length: 3 }, (_, number) => ({ drain: false, share: { number, of: 3 } })),
    )
  })

  it('only their schedules may invoke the sweep and the rollup', () => {
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
  ])('the output %s names its resource and describes it', (output, name) => {
    const found = template.findOutputs(output)[output]
    expect(referenceText(found?.Value)).toBe(name)
    expect(found?.Description).toMatch(/\w/)
  })

  it('the stack has exactly 9 outputs', () => expect(Object.keys(template.findOutputs('*'))).toHaveLength(9))
})
