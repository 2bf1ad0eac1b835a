// Roles of a template: policies as the CDK writes them in, what each function may do here out.

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

/** The local text of a resource that a statement names. */
function resourceText(on: unknown, prefix = ''): string | undefined {
  return read({ Policy: policy({ ...PUT, Resource: on }) }, prefix).functions[0]?.statements[0]?.resources[0]
}

describe('a role', () => {
  it('has all statements of every policy that is attached to it, and those inside it', () => {
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

  it('that is not in the template allows nothing', () => {
    const imported = { ...FUNCTION.Properties, Role: 'arn:aws:iam::123456789012:role/imported' }
    expect(statements({ Ingest: { ...FUNCTION, Properties: imported }, Policy: policy([PUT]) })).toEqual([])
  })

  it('is refused where it allows all but something', () => {
    const { Action: _, ...rest } = PUT
    expect(() => statements({ Policy: policy({ ...rest, NotAction: 'iam:*' }) })).toThrow('NotAction')
  })
})

describe('a condition', () => {
  const Condition = { StringEquals: { 'aws:SourceVpce': 'vpce-1' } }

  it('is taken to be met by what is allowed', () => {
    expect(statements({ Policy: policy({ ...PUT, Condition }) })).toHaveLength(1)
  })

  it('is taken not to be met by what is denied', () => {
    expect(statements({ Policy: policy({ ...PUT, Effect: 'Deny', Condition }) })).toEqual([])
  })

  it('on a key is of no interest, nor is the key', () => {
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
  ])('is the local one: %s', (_, on, expected) => expect(resourceText(on)).toBe(expected))

  it('has the prefix of the local names', () => {
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

  it('is made with one shard, under a name of this run', () => {
    expect(spec.streams).toEqual([{ name: 'r1-orders', shards: 1 }])
  })

  it('has this name wherever it is meant', () => {
    expect(spec.mappings[0]?.sourceName).toBe('r1-orders')
    expect(spec.functions[0]?.environment.STREAM).toBe('r1-orders')
    expect(spec.functions[0]?.statements[0]?.resources).toEqual([
      'arn:aws:kinesis:us-east-1:000000000000:stream/r1-orders',
    ])
    expect(spec.outputs.StreamName).toBe('r1-orders')
  })

  it('is called as it is called there, and all else without the hash of the CDK', () => {
    expect(spec.titles.get('r1-orders')).toBe('orders')
    const hashed = read({ Results0A1B2C3D: RESOURCES.Sessions as Resource }, 'r1-')
    expect(hashed.titles.get('r1-Results0A1B2C3D')).toBe('Results')
  })
})
