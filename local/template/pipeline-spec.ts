// Reads from a template which streams, tables, functions, mappings and schedules the local run
// makes.

import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import type { Pattern } from './event-pattern.ts'
import { type References, readReferences } from './references.ts'
import { readStatements, type Statement } from './roles.ts'
import type { Resource, Template } from './template.ts'

export interface StreamSpec {
  readonly name: string
  readonly shards: number
}

export interface TableSpec {
  readonly name: string
  /** The shapes that CreateTable takes. */
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
  /** The bundle's folder, relative to the folder of the synthesized app. */
  readonly assetFolder: string
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly memoryMb: number
  /** The statements of the function's role. */
  readonly statements: readonly Statement[]
}

/** An event source mapping. */
export interface MappingSpec {
  readonly functionName: string
  readonly sourceName: string
  readonly batchSize: number
  readonly windowMs: number
  readonly bisects: boolean
  readonly reportsFailures: boolean
  /** -1 sets no limit of its own: the record's age ends the retries. */
  readonly retriesMax: number
  /** Negative for no limit. */
  readonly recordAgeMsMax: number
  readonly failureBucket: string | null
  /** A record passes if any filter matches, or if there is none. */
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
  /** See `References.titles`. */
  readonly titles: ReadonlyMap<string, string>
}

/**
 * Replaces every reference by the local name of its resource: the prefix and the logical id.
 *
 * @param prefix in lower case; it keeps runs apart that share endpoints.
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
    schedules: ofType('AWS::Events::Rule').flatMap(([, resource]) => readSchedules(resource, references)),
    outputs: Object.fromEntries(
      Object.entries(template.Outputs).map(([name, { Value }]) => [name, references.text(Value)]),
    ),
    titles: references.titles,
  }
}

/** AWS starts an on-demand stream with four shards. */
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
    timeoutMs: Properties.Timeout * SECOND_MS,
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
    windowMs: (Properties.MaximumBatchingWindowInSeconds ?? 0) * SECOND_MS,
    bisects: Properties.BisectBatchOnFunctionError ?? false,
    reportsFailures: (Properties.FunctionResponseTypes ?? []).includes('ReportBatchItemFailures'),
    retriesMax: Properties.MaximumRetryAttempts ?? -1,
    recordAgeMsMax: (Properties.MaximumRecordAgeInSeconds ?? -1) * SECOND_MS,
    failureBucket: destination === undefined ? null : references.named(destination),
    filters: filters.map(({ Pattern }) => JSON.parse(Pattern) as Pattern),
  }
}

/** A rule invokes each of its targets, which may be one function with several inputs. */
function readSchedules({ Properties }: Resource, references: References): ScheduleSpec[] {
  const match = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(Properties.ScheduleExpression)
  if (match === null) throw new Error(`schedule '${Properties.ScheduleExpression}' is not a rate`)
  const unitMs = { minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS }[match[2] as 'minute' | 'hour' | 'day']
  return Properties.Targets.map((target: { readonly Arn: unknown; readonly Input?: string }) => ({
    functionName: references.named(target.Arn),
    everyMs: Number(match[1]) * unitMs,
    input: JSON.parse(target.Input ?? '{}'),
  }))
}
