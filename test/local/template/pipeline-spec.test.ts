// Checks which pipeline the local run reads from a template that the CDK writes.

import { describe, expect, it } from 'vitest'
import { type MappingSpec, type PipelineSpec, readPipeline } from '../../../local/template/pipeline-spec.ts'
import type { Resource } from '../../../local/template/template.ts'

const STREAM = { Type: 'AWS::Kinesis::Stream', Properties: { ShardCount: 3 } }
const BUCKET = { Type: 'AWS::S3::Bucket', Properties: {} }
const KEYS = [
  { AttributeName: 'pk', KeyType: 'HASH' },
  { AttributeName: 'sk', KeyType: 'RANGE' },
]
const DUE = { IndexName: 'due', KeySchema: KEYS, Projection: { ProjectionType: 'KEYS_ONLY' } }
const ATTRIBUTES = [
  { AttributeName: 'pk', AttributeType: 'S' },
  { AttributeName: 'sk', AttributeType: 'S' },
]
const TABLE = {
  Type: 'AWS::DynamoDB::GlobalTable',
  Properties: {
    KeySchema: KEYS,
    AttributeDefinitions: ATTRIBUTES,
    GlobalSecondaryIndexes: [DUE],
    StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    TimeToLiveSpecification: { AttributeName: 'expires_at', Enabled: true },
  },
}
const FUNCTION = {
  Type: 'AWS::Lambda::Function',
  Properties: {
    Timeout: 55,
    MemorySize: 512,
    Environment: { Variables: { GAP_MS: '1800000', TABLE: { Ref: 'Sessions' }, BUCKET: { Ref: 'DeadLetters' } } },
  },
  Metadata: { 'aws:asset:path': 'asset.abc' },
}
const MAPPING = {
  Type: 'AWS::Lambda::EventSourceMapping',
  Properties: { FunctionName: { Ref: 'Ingest' }, EventSourceArn: { 'Fn::GetAtt': ['Events', 'Arn'] }, BatchSize: 500 },
}

const RESOURCES = { Events: STREAM, Sessions: TABLE, DeadLetters: BUCKET, Ingest: FUNCTION }

function read(more: Readonly<Record<string, Resource>> = {}, prefix = ''): PipelineSpec {
  return readPipeline({ Resources: { ...RESOURCES, ...more }, Outputs: {} }, prefix)
}

/** Reads a mapping with these properties besides the required ones. */
function readMapping(properties: object): MappingSpec | undefined {
  return read({ Mapping: { ...MAPPING, Properties: { ...MAPPING.Properties, ...properties } } }).mappings[0]
}

/** Reads a rule with one target. */
function readRule(expression: string, target: object = {}): PipelineSpec['schedules'] {
  const targets = [{ Arn: { 'Fn::GetAtt': ['Ingest', 'Arn'] }, ...target }]
  const properties = { ScheduleExpression: expression, Targets: targets }
  return read({ Schedule: { Type: 'AWS::Events::Rule', Properties: properties } }).schedules
}

describe('a stream', () => {
  it('reads the shards of a stream', () => expect(read().streams).toEqual([{ name: 'Events', shards: 3 }]))

  it('gives an on-demand stream four shards, as AWS does', () => {
    const onDemand = { Type: STREAM.Type, Properties: { StreamModeDetails: { StreamMode: 'ON_DEMAND' } } }
    expect(read({ Events: onDemand }).streams).toEqual([{ name: 'Events', shards: 4 }])
  })
})

describe('a table', () => {
  it('reads the keys, indexes, stream and expiry of a table', () => {
    expect(read().tables).toEqual([
      {
        name: 'Sessions',
        keySchema: KEYS,
        attributes: ATTRIBUTES,
        indexes: [DUE],
        streamView: 'NEW_AND_OLD_IMAGES',
        ttlAttribute: 'expires_at',
      },
    ])
  })

  it('reads a table without an index, a stream or an expiry', () => {
    const plain = { Type: TABLE.Type, Properties: { KeySchema: KEYS, AttributeDefinitions: ATTRIBUTES } }
    expect(read({ Sessions: plain }).tables[0]).toMatchObject({ indexes: [], streamView: null, ttlAttribute: null })
  })
})

describe('a function', () => {
  it('reads the bundle, the limits and the resolved environment of a function', () => {
    expect(read().functions).toEqual([
      {
        name: 'Ingest',
        assetFolder: 'asset.abc',
        environment: { GAP_MS: '1800000', TABLE: 'Sessions', BUCKET: 'deadletters' },
        timeoutMs: 55_000,
        memoryMb: 512,
        statements: [],
      },
    ])
  })

  it('reads a function without an environment', () => {
    const { Environment: _, ...properties } = FUNCTION.Properties
    expect(read({ Ingest: { ...FUNCTION, Properties: properties } }).functions[0]?.environment).toEqual({})
  })

  it('refuses a function without a bundle by name', () => {
    expect(() => read({ Ingest: { ...FUNCTION, Metadata: {} } })).toThrow('Ingest has no bundle')
  })

  it.each([
    [{ Ref: 'Unknown' }, 'Unknown'],
    [{ 'Fn::GetAtt': ['Unknown', 'Arn'] }, 'Unknown'],
    [{ 'Fn::If': ['IsProduction', 'a', 'b'] }, 'Fn::If'],
    [{ 'Fn::Select': [7, { 'Fn::Split': ['/', 'a/b'] }] }, 'Fn::Select'],
  ])('refuses a function with a variable that cannot be resolved: %j', (value, named) => {
    const properties = { ...FUNCTION.Properties, Environment: { Variables: { VALUE: value } } }
    expect(() => read({ Ingest: { ...FUNCTION, Properties: properties } })).toThrow(named)
  })
})

describe('an event source mapping', () => {
  it('reads every property of an event source mapping', () => {
    const pattern = { eventName: ['INSERT'] }
    const mapping = readMapping({
      MaximumBatchingWindowInSeconds: 30,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRetryAttempts: 4,
      MaximumRecordAgeInSeconds: 72_000,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['DeadLetters', 'Arn'] } } },
      FilterCriteria: { Filters: [{ Pattern: JSON.stringify(pattern) }] },
    })
    expect(mapping).toEqual({
      functionName: 'Ingest',
      sourceName: 'Events',
      batchSize: 500,
      windowMs: 30_000,
      bisects: true,
      reportsFailures: true,
      retriesMax: 4,
      recordAgeMsMax: 72_000_000,
      failureBucket: 'deadletters',
      filters: [pattern],
    })
  })

  it('gives a mapping the defaults of Lambda where the template sets nothing', () => {
    expect(readMapping({})).toMatchObject({
      windowMs: 0,
      bisects: false,
      reportsFailures: false,
      retriesMax: -1,
      failureBucket: null,
      filters: [],
    })
    expect(readMapping({})?.recordAgeMsMax).toBeLessThan(0)
  })

  it('distinguishes a limit of 0 retries from no limit', () => {
    expect(readMapping({ MaximumRetryAttempts: 0 })?.retriesMax).toBe(0)
  })

  it('names the table as the source of a table stream', () => {
    expect(readMapping({ EventSourceArn: { 'Fn::GetAtt': ['Sessions', 'StreamArn'] } })?.sourceName).toBe('Sessions')
  })
})

describe('a schedule', () => {
  it.each([
    ['rate(1 minute)', 60_000],
    ['rate(5 minutes)', 300_000],
    ['rate(1 hour)', 3_600_000],
    ['rate(2 days)', 172_800_000],
  ])('reads the rate of a schedule: %s', (expression, everyMs) => {
    const target = { Input: '{"drain":false}' }
    expect(readRule(expression, target)).toEqual([{ functionName: 'Ingest', everyMs, input: { drain: false } }])
  })

  it('reads a schedule for each target of a rule', () => {
    const targets = [0, 1].map((number) => ({
      Arn: { 'Fn::GetAtt': ['Ingest', 'Arn'] },
      Input: `{"number":${number}}`,
    }))
    const Properties = { ScheduleExpression: 'rate(1 minute)', Targets: targets }
    const { schedules } = read({ Schedule: { Type: 'AWS::Events::Rule', Properties } })
    expect(schedules.map(({ input }) => input)).toEqual([{ number: 0 }, { number: 1 }])
  })

  it('gives a schedule without input an empty object', () => expect(readRule('rate(1 minute)')[0]?.input).toEqual({}))

  it.each(['cron(0 12 * * ? *)', 'rate(1 week)', ''])('refuses a schedule that is no rate: %j', (expression) => {
    expect(() => readRule(expression)).toThrow(`'${expression}'`)
  })
})

describe('a name', () => {
  it('prefixes every local name, and writes that of a bucket in lower case', () => {
    const spec = read({ Mapping: MAPPING }, 'r1-')
    expect([spec.streams[0]?.name, spec.tables[0]?.name, ...spec.buckets]).toEqual([
      'r1-Events',
      'r1-Sessions',
      'r1-deadletters',
    ])
    expect(spec.functions[0]?.environment).toMatchObject({ TABLE: 'r1-Sessions', BUCKET: 'r1-deadletters' })
    expect(spec.mappings[0]).toMatchObject({ functionName: 'r1-Ingest', sourceName: 'r1-Events' })
  })

  it('resolves the outputs of the template', () => {
    const outputs = { StreamName: { Value: { Ref: 'Events' } }, Region: { Value: 'local' } }
    const spec = readPipeline({ Resources: RESOURCES, Outputs: outputs }, 'r1-')
    expect(spec.outputs).toEqual({ StreamName: 'r1-Events', Region: 'local' })
  })
})
