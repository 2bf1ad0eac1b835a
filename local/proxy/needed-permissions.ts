// Knows which IAM actions a request to DynamoDB, Kinesis, S3 or Secrets Manager needs, on what.

import { bucketArn, localArn, secretArn, streamArn, tableArn } from '../template/arn.ts'
import { readStatement, type SentStatement } from './request-rules/statement.ts'

export interface NeededPermission {
  readonly action: string
  /** Null if the request does not name one. */
  readonly resource: string | null
}

type Body = Readonly<Record<string, unknown>>

export interface JsonRequest {
  readonly service: 'dynamodb' | 'kinesis' | 'secretsmanager'
  readonly operation: string
  readonly body: Body
}

export interface ObjectRequest {
  readonly service: 's3'
  readonly method: string
  readonly host: string
  /** Includes the query. */
  readonly path: string
}

export type ServiceRequest = JsonRequest | ObjectRequest

/** These operations need the action of the same name on every resource that the request names. */
const RESOURCES_OF: Readonly<Record<string, (body: Body) => (string | null)[]>> = {
  'dynamodb:PutItem': ofTable,
  'dynamodb:GetItem': ofTable,
  'dynamodb:UpdateItem': ofTable,
  'dynamodb:DeleteItem': ofTable,
  'dynamodb:Query': ofTable,
  'dynamodb:BatchGetItem': ofRequestItems,
  'dynamodb:BatchWriteItem': ofRequestItems,
  'kinesis:ListShards': ofStream,
  'kinesis:GetShardIterator': ofStream,
  'kinesis:GetRecords': ofStream,
  'secretsmanager:GetSecretValue': ({ SecretId }) => [arnOr(secretArn, SecretId)],
}

/**
 * Returns null for an unknown operation.
 *
 * @param streamOf returns the ARN of the stream that an iterator reads, or null if it is unknown.
 */
export function permissionsNeeded(
  request: ServiceRequest,
  streamOf: (iterator: string) => string | null,
): NeededPermission[] | null {
  if (request.service === 's3') return neededOfObject(request)
  const { body } = request
  const action = operationText(request)
  if (action === 'dynamodb:TransactWriteItems') return ofTransaction(body)
  if (action === 'dynamodb:BatchExecuteStatement') return ofStatements(body)
  if (action === 'kinesis:GetRecords') return [{ action, resource: streamOf(String(body.ShardIterator)) }]
  return RESOURCES_OF[action]?.(body).map((resource) => ({ action, resource })) ?? null
}

/** Returns a readable text such as `dynamodb:Scan` or `s3:GET ?acl`. */
export function operationText(request: ServiceRequest): string {
  if (request.service !== 's3') return `${request.service}:${request.operation}`
  const query = [...searchOf(request).keys()].join('&')
  return `s3:${request.method}${query && ` ?${query}`}`
}

function arnOr(toArn: (name: string) => string, nameOrArn: unknown): string {
  const text = String(nameOrArn)
  return text.startsWith('arn:') ? localArn(text) : toArn(text)
}

function ofTable({ TableName, IndexName }: Body): string[] {
  const table = arnOr(tableArn, TableName)
  return [IndexName === undefined ? table : `${table}/index/${IndexName}`]
}

function ofRequestItems({ RequestItems }: Body): string[] {
  return Object.keys((RequestItems ?? {}) as Body).map((table) => arnOr(tableArn, table))
}

/** A request for a further page of shards has a token instead of the stream. */
function ofStream({ StreamARN, StreamName }: Body): (string | null)[] {
  const named = StreamARN ?? StreamName
  return [named === undefined ? null : arnOr(streamArn, named)]
}

const TRANSACTED: Readonly<Record<string, string>> = {
  Put: 'dynamodb:PutItem',
  Update: 'dynamodb:UpdateItem',
  Delete: 'dynamodb:DeleteItem',
  ConditionCheck: 'dynamodb:ConditionCheckItem',
}

/** Returns null if the transaction has an item of an unknown kind. */
function ofTransaction({ TransactItems }: Body): NeededPermission[] | null {
  const needed: NeededPermission[] = []
  for (const [kind, item] of ((TransactItems ?? []) as Body[]).flatMap(Object.entries)) {
    const action = TRANSACTED[kind]
    if (action === undefined) return null
    needed.push({ action, resource: arnOr(tableArn, item.TableName) })
  }
  return needed
}

/** Returns null if the request has an unknown statement. */
function ofStatements({ Statements }: Body): NeededPermission[] | null {
  const needed: NeededPermission[] = []
  for (const sent of (Statements ?? []) as SentStatement[]) {
    const statement = readStatement(sent)
    if (statement === null) return null
    needed.push({ action: `dynamodb:${statement.action}`, resource: arnOr(tableArn, statement.table) })
  }
  return needed
}

/** The SDK adds this parameter to any request. Every other parameter means another operation. */
const OBJECT_PARAMETERS = new Set(['x-id'])
const LIST_PARAMETERS = new Set([
  'list-type',
  'prefix',
  'delimiter',
  'max-keys',
  'start-after',
  'continuation-token',
  'encoding-type',
  'fetch-owner',
])
const OBJECT_ACTIONS: Readonly<Record<string, string>> = {
  GET: 's3:GetObject',
  HEAD: 's3:GetObject',
  PUT: 's3:PutObject',
  DELETE: 's3:DeleteObject',
}

function neededOfObject(request: ObjectRequest): NeededPermission[] | null {
  const { bucket, key } = bucketAndKey(request)
  const parameters = [...searchOf(request).keys()]
  if (key === '') {
    const isList = request.method === 'GET' && parameters.every((name) => LIST_PARAMETERS.has(name))
    return isList ? [{ action: 's3:ListBucket', resource: bucketArn(bucket) }] : null
  }
  const action = OBJECT_ACTIONS[request.method]
  if (action === undefined || !parameters.every((name) => OBJECT_PARAMETERS.has(name))) return null
  return [{ action, resource: `${bucketArn(bucket)}/${key}` }]
}

/** The bucket is the first part of the host, or else of the path. */
function bucketAndKey({ host, path }: ObjectRequest): { bucket: string; key: string } {
  const decoded = decodeURIComponent(path.replace(/\?.*$/s, '')).slice(1)
  const inHost = /^(?<bucket>.+?)\.(?:s3[.-].+|localhost)(?::\d+)?$/.exec(host)?.groups?.bucket
  if (inHost !== undefined) return { bucket: inHost, key: decoded }
  const slash = decoded.indexOf('/')
  return slash === -1
    ? { bucket: decoded, key: '' }
    : { bucket: decoded.slice(0, slash), key: decoded.slice(slash + 1) }
}

function searchOf({ path }: ObjectRequest): URLSearchParams {
  return new URLSearchParams(/\?(?<query>.*)$/s.exec(path)?.groups?.query)
}
