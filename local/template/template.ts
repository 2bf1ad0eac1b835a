// Reading a CloudFormation template: the synthesized one in, the pipeline that it describes out.

import type { Pattern } from './event-pattern.ts'
import { type References, readReferences } from './references.ts'
import { readStatements, type Statement } from './roles.ts'

export interface Resource {
  readonly Type: string
  // biome-ignore lint/suspicious/noExplicitAny: a template is CloudFormation's own loosely typed document
  readonly Properties: any
  readonly Metadata?: Readonly<Record<string, unknown>>
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>
}

export interface StreamSpec {
  readonly name: string
  readonly shards: number
}

export interface TableSpec {
  readonly name: string
  /** As CreateTable takes them. */
  readonly keySchema: readonly KeyElement[]
  readonly attributes: readonly { readonly AttributeName: string; readonly AttributeType: 'S' | 'N' | 'B' }[]
  readonly indexes: readonly IndexSpec[]
  readonly streamView: 'NEW_AND_OLD_IMAGES' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'KEYS_ONLY' | null
  readonly ttlAttribute: string | null
}

interface KeyElement {
  readonly AttributeName: string
  readonly KeyType: 'HASH' | 'RANGE'
}

export interface IndexSpec {
  readonly IndexName: string
  readonly KeySchema: readonly KeyElement[]
  readonly Projection: {
    readonly ProjectionType: 'KEYS_ONLY' | 'ALL' | 'INCLUDE'
    readonly NonKeyAttributes?: readonly string[]
  }
}

export interface FunctionSpec {
  readonly name: string
  /** Folder of the bundle, below the synthesis folder. */
  readonly assetFolder: string
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly memoryMb: number
  /** What its role may do. */
  readonly statements: readonly Statement[]
}

/** An event source mapping, as Lambda reads it. */
export interface MappingSpec {
  readonly functionName: string
  readonly sourceName: string
  readonly batchSize: number
  readonly windowMs: number
  readonly bisects: boolean
  readonly reportsFailures: boolean
  /** -1 for as long as the record age allows. */
  readonly retriesMax: number
  readonly recordAgeMsMax: number
  readonly failureBucket: string | null
  /** Empty: everything passes. */
  readonly filters: readonly Pattern[]
}

export interface ScheduleSpec {
  readonly functionName: string
  readonly everyMs: number
  readonly input: unknown
}

export interface PipelineSpec {
  readonly streams: readonly StreamSpec[]
  readonly tables: readonly TableSpec[]
  readonly buckets: readonly string[]
  readonly functions: readonly FunctionSpec[]
  readonly mappings: readonly MappingSpec[]
  readonly schedules: readonly ScheduleSpec[]
  readonly outputs: Readonly<Record<string, string>>
  /** See `References`. */
  readonly titles: ReadonlyMap<string, string>
}

/**
 * Every reference becomes the local name of what it refers to: the prefix and the logical id.
 *
 * @param prefix lower-case, so that several runs can share endpoints.
 */
export function readPipeline(template: Template, prefix: string): PipelineSpec {
  const references = readReferences(template, prefix)
  const ofType = (type: string): [string, Resource][] =>
    Object.entries(template.Resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([id, resource]) => [references.nameOf(id), resource])
  return {
    streams: [
      ...ofType('AWS::Kinesis::Stream').map(([name, { Properties }]) => ({
        name,
        shards: Properties.ShardCount ?? ON_DEMAND_SHARDS,
      })),
      ...references.foreignStreams.map((name) => ({ name, shards: 1 })),
    ],
    tables: ofType('AWS::DynamoDB::GlobalTable').map(([name, resource]) => readTable(name, resource)),
    buckets: ofType('AWS::S3::Bucket').map(([name]) => name),
    functions: ofType('AWS::Lambda::Function').map(([name, resource]) => ({
      ...readFunction(name, resource, references),
      statements: readStatements(resource.Properties.Role, template, references),
    })),
    mappings: ofType('AWS::Lambda::EventSourceMapping').map(([, resource]) => readMapping(resource, references)),
    schedules: ofType('AWS::Events::Rule').map(([, resource]) => readSchedule(resource, references)),
    outputs: Object.fromEntries(
      Object.entries(template.Outputs).map(([name, { Value }]) => [name, references.text(Value)]),
    ),
    titles: references.titles,
  }
}

/** What AWS begins an on-demand stream with. */
const ON_DEMAND_SHARDS = 4

function readTable(name: string, { Properties }: Resource): TableSpec {
  return {
    name,
    keySchema: Properties.KeySchema,
    attributes: Properties.AttributeDefinitions,
    indexes: (Properties.GlobalSecondaryIndexes ?? []).map((index: IndexSpec) => ({
      IndexName: index.IndexName,
      KeySchema: index.KeySchema,
      Projection: index.Projection,
    })),
    streamView: Properties.StreamSpecification?.StreamViewType ?? null,
    ttlAttribute: Properties.TimeToLiveSpecification?.AttributeName ?? null,
  }
}

function readFunction(
  name: string,
  { Properties, Metadata }: Resource,
  references: References,
): Omit<FunctionSpec, 'statements'> {
  const assetFolder = Metadata?.['aws:asset:path']
  if (typeof assetFolder !== 'string') throw new Error(`function ${name} has no bundle in the synthesized app`)
  const variables: Record<string, unknown> = Properties.Environment?.Variables ?? {}
  const environment = Object.entries(variables).map(([variable, value]) => [variable, references.text(value)])
  return {
    name,
    assetFolder,
    environment: Object.fromEntries(environment),
    timeoutMs: Properties.Timeout * 1000,
    memoryMb: Properties.MemorySize,
  }
}

function readMapping({ Properties }: Resource, references: References): MappingSpec {
  const destination = Properties.DestinationConfig?.OnFailure?.Destination
  const filters: { Pattern: string }[] = Properties.FilterCriteria?.Filters ?? []
  return {
    functionName: references.named(Properties.FunctionName),
    sourceName: references.named(Properties.EventSourceArn),
    batchSize: Properties.BatchSize,
    windowMs: (Properties.MaximumBatchingWindowInSeconds ?? 0) * 1000,
    bisects: Properties.BisectBatchOnFunctionError ?? false,
    reportsFailures: (Properties.FunctionResponseTypes ?? []).includes('ReportBatchItemFailures'),
    retriesMax: Properties.MaximumRetryAttempts ?? -1,
    recordAgeMsMax: (Properties.MaximumRecordAgeInSeconds ?? -1) * 1000,
    failureBucket: destination === undefined ? null : references.named(destination),
    filters: filters.map(({ Pattern }) => JSON.parse(Pattern) as Pattern),
  }
}

function readSchedule({ Properties }: Resource, references: References): ScheduleSpec {
  const match = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(Properties.ScheduleExpression)
  if (match === null) throw new Error(`schedule '${Properties.ScheduleExpression}' is not a rate`)
  const unitMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }[match[2] as 'minute' | 'hour' | 'day']
  const target = Properties.Targets[0]
  return {
    functionName: references.named(target.Arn),
    everyMs: Number(match[1]) * unitMs,
    input: JSON.parse(target.Input ?? '{}'),
  }
}
