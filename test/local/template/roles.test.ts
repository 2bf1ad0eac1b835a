// Checks which statements the role of a function has in a template that the CDK writes.

import { describe, expect, it } from 'vitest'
import { type PipelineSpec, readPipeline } from '../../../local/template/pipeline-spec.ts'
import type { Resource } from '../../../local/template/template.ts'

const ROLE = { Type: 'AWS::IAM::Role', Properties: {} }
const FUNCTION = {
  Type: 'AWS::Lambda::Function',
  Properties: { Timeout: 55, MemorySize: 512, Role: { 'Fn::GetAtt': ['IngestRole', 'Arn'] } },
  Metadata: { 'aws:asset:path': 'asset.abc' },
}
const RESOURCES: Readonly<Record<string, Resource>> = {
  Events: { Type: 'AWS::Kinesis::Stream', Properties: {} },
  Sessions: { Type: 'AWS::DynamoDB::GlobalTable', Properties: {} },
  DeadLetters: { Type: 'AWS::S3::Bucket', Properties: {} },
  Key: { Type: 'AWS::SecretsManager::Secret', Properties: {} },
  IngestRole: ROLE,
  Ingest: FUNCTION,
}
const PUT = { Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: '*' }

function read(more: Readonly<Record<string, Resource>>, prefix = ''): PipelineSpec {
  return readPipeline({ Resources: { ...RESOURCES, ...more }, Outputs: {} }, prefix)
}

function policy(statement: unknown, roles: readonly unknown[] = [{ Ref: 'IngestRole' }]): Resource {
  return { Type: 'AWS::IAM::Policy', Properties: { PolicyDocument: { Statement: statement }, Roles: roles } }
}

function statements(more: Readonly<Record<string, Resource>>) {
  return read(more).functions[0]?.statements
}

/** Returns the local text of a resource that a statement names. */
function resourceText(on: unknown, prefix = ''): string | undefined {
  return read({ Policy: policy({ ...PUT, Resource: on }) }, prefix).functions[0]?.statements[0]?.resources[0]
}

describe('a role', () => {
  it('collects the statements of all attached and inline policies of a role', () => {
    const inline = { PolicyName: 'inside', PolicyDocument: { Statement: { ...PUT, Action: 's3:PutObject' } } }
    const found = statements({
      One: policy([PUT, { ...PUT, Effect: 'Deny', Action: ['dynamodb:Scan', 'dynamodb:Query'] }]),
      Two: { ...policy([{ ...PUT, Action: 'kinesis:*' }]), Type: 'AWS::IAM::ManagedPolicy' },
      OfAnother: policy([{ ...PUT, Action: '*' }], [{ Ref: 'SweepRole' }]),
      IngestRole: { ...ROLE, Properties: { Policies: [inline] } },
    })
    expect(found?.map(({ effect, actions }) => [effect, ...actions])).toEqual([
      ['Allow', 'dynamodb:PutItem'],
      ['Deny', 'dynamodb:Scan', 'dynamodb:Query'],
      ['Allow', 'kinesis:*'],
      ['Allow', 's3:PutObject'],
    ])
  })

  it('collects no statements for a role outside the template', () => {
    const imported = { ...FUNCTION.Properties, Role: 'arn:aws:iam::123456789012:role/imported' }
    expect(statements({ Ingest: { ...FUNCTION, Properties: imported }, Policy: policy([PUT]) })).toEqual([])
  })

  it('refuses a role with a NotAction', () => {
    const { Action: _, ...rest } = PUT
    expect(() => statements({ Policy: policy({ ...rest, NotAction: 'iam:*' }) })).toThrow('NotAction')
  })
})

describe('a condition', () => {
  const Condition = { StringEquals: { 'aws:SourceVpce': 'vpce-1' } }

  it('assumes that the condition of an Allow is met', () => {
    expect(statements({ Policy: policy({ ...PUT, Condition }) })).toHaveLength(1)
  })

  it('assumes that the condition of a Deny is not met', () => {
    expect(statements({ Policy: policy({ ...PUT, Effect: 'Deny', Condition }) })).toEqual([])
  })

  it('ignores statements about encryption keys', () => {
    const kms = { Effect: 'Allow', Action: ['kms:Decrypt'], Resource: { 'Fn::ImportValue': 'a-key' }, Condition }
    expect(statements({ Policy: policy([kms, PUT]) })).toHaveLength(1)
  })
})

describe('a resource', () => {
  const table = { 'Fn::GetAtt': ['Sessions', 'Arn'] }
  const account = 'us-east-1:000000000000'

  it.each([
    ['a stream', { 'Fn::GetAtt': ['Events', 'Arn'] }, `arn:aws:kinesis:${account}:stream/Events`],
    ['a table', table, `arn:aws:dynamodb:${account}:table/Sessions`],
    [
      'a table’s stream',
      { 'Fn::GetAtt': ['Sessions', 'StreamArn'] },
      `arn:aws:dynamodb:${account}:table/Sessions/stream/local`,
    ],
    ['an index', { 'Fn::Join': ['', [table, '/index/due']] }, `arn:aws:dynamodb:${account}:table/Sessions/index/due`],
    [
      'objects',
      { 'Fn::Join': ['', [{ 'Fn::GetAtt': ['DeadLetters', 'Arn'] }, '/rejected/*']] },
      'arn:aws:s3:::deadletters/rejected/*',
    ],
    ['a secret', { Ref: 'Key' }, `arn:aws:secretsmanager:${account}:secret:Key-??????`],
    ['everything', '*', '*'],
    [
      'a table of another account',
      'arn:aws:dynamodb:eu-west-1:123456789012:table/Old',
      `arn:aws:dynamodb:${account}:table/Old`,
    ],
    [
      'a stream by its parts',
      {
        'Fn::Join': [
          '',
          [
            'arn:',
            { Ref: 'AWS::Partition' },
            ':kinesis:',
            { Ref: 'AWS::Region' },
            ':',
            { 'Fn::Select': [4, { 'Fn::Split': [':', table] }] },
            ':stream/orders',
          ],
        ],
      },
      `arn:aws:kinesis:${account}:stream/orders`,
    ],
  ])('names the local resource: %s', (_, on, expected) => expect(resourceText(on)).toBe(expected))

  it('prefixes the resources of a statement', () => {
    expect(resourceText(table, 'r1-')).toBe(`arn:aws:dynamodb:${account}:table/r1-Sessions`)
  })
})

describe('a stream that is not in the template', () => {
  const arn = 'arn:aws:kinesis:eu-west-1:123456789012:stream/orders'
  const { Events: _, ...withoutStream } = RESOURCES
  const spec = readPipeline(
    {
      Resources: {
        ...withoutStream,
        Ingest: {
          ...FUNCTION,
          Properties: { ...FUNCTION.Properties, Environment: { Variables: { STREAM: 'orders' } } },
        },
        Mapping: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: { FunctionName: { Ref: 'Ingest' }, EventSourceArn: arn, BatchSize: 1 },
        },
        Policy: policy({ ...PUT, Action: 'kinesis:GetRecords', Resource: arn }),
      },
      Outputs: { StreamName: { Value: 'orders' } },
    },
    'r1-',
  )

  it('creates a stream from outside the template with one shard and a prefix', () => {
    expect(spec.streams).toEqual([{ name: 'r1-orders', shards: 1 }])
  })

  it('uses the local name of such a stream in mappings, variables, roles and outputs', () => {
    expect(spec.mappings[0]?.sourceName).toBe('r1-orders')
    expect(spec.functions[0]?.environment.STREAM).toBe('r1-orders')
    expect(spec.functions[0]?.statements[0]?.resources).toEqual([
      'arn:aws:kinesis:us-east-1:000000000000:stream/r1-orders',
    ])
    expect(spec.outputs.StreamName).toBe('r1-orders')
  })

  it('gives readable names without the prefix and without the hash of the CDK', () => {
    expect(spec.titles.get('r1-orders')).toBe('orders')
    const hashed = read({ Results0A1B2C3D: RESOURCES.Sessions as Resource }, 'r1-')
    expect(hashed.titles.get('r1-Results0A1B2C3D')).toBe('Results')
  })
})
