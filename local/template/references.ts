// Resolves CloudFormation's intrinsic functions to the names and ARNs of the local run.

import { arnOf, LOCAL_ACCOUNT, LOCAL_REGION, localArn, readArn, streamArn } from './arn.ts'
import type { Template } from './template.ts'

export interface References {
  /** Returns the local name of a resource of the template. */
  nameOf(logicalId: string): string
  /**
   * Returns the text that CloudFormation would make of a value, with an ARN moved to the local
   * account. Throws for an intrinsic function that the local run does not support.
   */
  text(value: unknown): string
  /** Returns the name of the resource that a value refers to by name or by ARN. */
  named(value: unknown): string
  /** Local names of the streams that the template reads but does not create. */
  readonly foreignStreams: readonly string[]
  /** Readable names by local name, without the prefix and without the hash that CDK appends. */
  readonly titles: ReadonlyMap<string, string>
}

/** @param prefix begins every local name, also those of streams outside the template. */
export function readReferences(template: Template, prefix: string): References {
  const resources = Object.entries(template.Resources)
  const names = new Map(resources.map(([id, { Type }]) => [id, localName(id, Type, prefix)]))
  const resolve = (value: unknown): string => localArn(resolveText(value, template, names))
  const sources = resources
    .filter(([, { Type }]) => Type === 'AWS::Lambda::EventSourceMapping')
    .map(([, { Properties }]) => readArn(resolve(Properties.EventSourceArn)))
  const foreign = new Set(sources.flatMap((source) => (source?.service === 'kinesis' ? source.name : [])))
  for (const own of names.values()) foreign.delete(own)
  // The template holds the name or the ARN of such a stream as plain text, without a reference.
  const renamed = new Map([...foreign].flatMap((name) => renamings(name, prefix)))
  const text = (value: unknown): string => {
    const resolved = resolve(value)
    return renamed.get(resolved) ?? resolved
  }
  return {
    nameOf: (logicalId) => names.get(logicalId) as string,
    text,
    named: (value) => readArn(text(value))?.name ?? text(value),
    foreignStreams: [...foreign].map((name) => prefix + name),
    titles: new Map([
      ...[...names].map(([id, name]): [string, string] => [name, id.replace(/[0-9A-F]{8}$/, '')]),
      ...[...foreign].map((name): [string, string] => [prefix + name, name]),
    ]),
  }
}

function renamings(stream: string, prefix: string): [string, string][] {
  return [
    [stream, prefix + stream],
    [streamArn(stream), streamArn(prefix + stream)],
  ]
}

function localName(logicalId: string, type: string, prefix: string): string {
  // S3 allows no upper case.
  return prefix + (type === 'AWS::S3::Bucket' ? logicalId.toLowerCase() : logicalId)
}

const PSEUDO_PARAMETERS: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': LOCAL_REGION,
  'AWS::AccountId': LOCAL_ACCOUNT,
  'AWS::URLSuffix': 'amazonaws.com',
}

interface Intrinsic {
  readonly Ref?: string
  readonly 'Fn::GetAtt'?: readonly [string, string]
  readonly 'Fn::Join'?: readonly [string, unknown]
  readonly 'Fn::Select'?: readonly [number | string, unknown]
  readonly 'Fn::Split'?: readonly [string, unknown]
}

type Names = ReadonlyMap<string, string>

function resolveText(value: unknown, template: Template, names: Names): string {
  if (typeof value === 'string') return value
  const { Ref: ref, 'Fn::GetAtt': got, 'Fn::Join': joined, 'Fn::Select': selected } = (value ?? {}) as Intrinsic
  let resolved: string | undefined
  if (ref !== undefined) resolved = PSEUDO_PARAMETERS[ref] ?? referenceTo(ref, template, names)
  else if (got !== undefined) resolved = attributeOf(got[0], got[1], template, names)
  else if (joined !== undefined) resolved = resolveList(joined[1], template, names).join(joined[0])
  else if (selected !== undefined) resolved = resolveList(selected[1], template, names)[Number(selected[0])]
  if (resolved !== undefined) return resolved
  throw new Error(`the local run cannot resolve ${JSON.stringify(value)}`)
}

function resolveList(value: unknown, template: Template, names: Names): string[] {
  if (Array.isArray(value)) return value.map((item) => resolveText(item, template, names))
  const { 'Fn::Split': split } = (value ?? {}) as Intrinsic
  if (split === undefined) throw new Error(`the local run cannot resolve ${JSON.stringify(value)}`)
  return resolveText(split[1], template, names).split(split[0])
}

/** CloudFormation resolves a `Ref` to the resource's name, but that of a secret to its ARN. */
function referenceTo(logicalId: string, template: Template, names: Names): string | undefined {
  const type = template.Resources[logicalId]?.Type
  return type === 'AWS::SecretsManager::Secret' ? arnOf(type, names.get(logicalId) as string) : names.get(logicalId)
}

function attributeOf(logicalId: string, attribute: string, template: Template, names: Names): string | undefined {
  const [type, name] = [template.Resources[logicalId]?.Type, names.get(logicalId)]
  if (type === undefined || name === undefined) return undefined
  if (attribute === 'Arn') return arnOf(type, name)
  return attribute === 'StreamArn' ? `${arnOf(type, name)}/stream/local` : name
}
