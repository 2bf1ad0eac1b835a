// Checks which permissions a request needs, and whether a role allows them.

import { describe, expect, it } from 'vitest'
import { allowedBy, authorize, denialText, matchesWildcards } from '../../../local/proxy/authorization.ts'
import {
  type NeededPermission,
  permissionsNeeded,
  type ServiceRequest,
} from '../../../local/proxy/needed-permissions.ts'
import type { Statement } from '../../../local/template/roles.ts'

const TABLE = 'arn:aws:dynamodb:us-east-1:000000000000:table/Sessions'
const OTHER_TABLE = 'arn:aws:dynamodb:us-east-1:000000000000:table/Results'
const STREAM = 'arn:aws:kinesis:us-east-1:000000000000:stream/Events'
const PUT: NeededPermission = { action: 'dynamodb:PutItem', resource: TABLE }

const noStream = (): null => null

function allow(actions: string | readonly string[], ...resources: string[]): Statement {
  return { effect: 'Allow', actions: [actions].flat(), resources }
}

function deny(actions: string | readonly string[], ...resources: string[]): Statement {
  return { ...allow(actions, ...resources), effect: 'Deny' }
}

describe('wildcards', () => {
  it.each([
    ['*', ''],
    ['*', 'anything/at:all'],
    ['table/*', 'table/Sessions/index/due'],
    ['table/S*s', 'table/Sessions'],
    ['secret:key-??????', 'secret:key-AbC123'],
    ['a.b', 'a.b'],
    ['bucket/rejected/*', 'bucket/rejected/a\nb'],
  ])('%s matches %s', (pattern, text) => expect(matchesWildcards(pattern, text)).toBe(true))

  it.each([
    ['', 'a'],
    ['table/Sessions', 'table/Sessions/index/due'],
    ['table/Sessions', 'table/sessions'],
    ['table/*/index/due', 'table/Sessions'],
    ['key-??????', 'key-AbC12'],
    ['a.b', 'axb'],
    ['(a+)+$', 'aaa'],
  ])('%s does not match %s', (pattern, text) => expect(matchesWildcards(pattern, text)).toBe(false))
})

describe('a role', () => {
  it('allows nothing that no statement of the role names', () => {
    expect(allowedBy([], PUT)).toBeNull()
    expect(allowedBy([allow('dynamodb:GetItem', TABLE)], PUT)).toBeNull()
    expect(allowedBy([allow('dynamodb:PutItem', OTHER_TABLE)], PUT)).toBeNull()
  })

  it('ignores the case of actions', () => {
    expect(allowedBy([allow(['dynamodb:GetItem', 'DynamoDB:putItem'], OTHER_TABLE, TABLE)], PUT)).toBe(TABLE)
  })

  it('allows what a wildcard matches, and reports the pattern of the role', () => {
    expect(allowedBy([allow('dynamodb:*', '*')], PUT)).toBe('*')
    expect(allowedBy([allow('dynamodb:Put*', `${TABLE}*`)], PUT)).toBe(`${TABLE}*`)
  })

  it('does not allow an index by allowing its table', () => {
    const query = { action: 'dynamodb:Query', resource: `${TABLE}/index/due` }
    expect(allowedBy([allow('dynamodb:Query', TABLE)], query)).toBeNull()
    expect(allowedBy([allow('dynamodb:Query', `${TABLE}/index/due`)], query)).toBe(`${TABLE}/index/due`)
  })

  it('denies what any statement denies, whatever the order of statements', () => {
    const [allowing, denying] = [allow('dynamodb:*', '*'), deny('dynamodb:Put*', TABLE)]
    expect(allowedBy([allowing, denying], PUT)).toBeNull()
    expect(allowedBy([denying, allowing], PUT)).toBeNull()
    expect(allowedBy([denying, allowing], { ...PUT, resource: OTHER_TABLE })).toBe('*')
  })

  it('allows a request without a resource if the role allows the action on any', () => {
    const list = { action: 'kinesis:ListShards', resource: null }
    expect(allowedBy([allow('kinesis:ListShards', STREAM)], list)).toBe(STREAM)
    expect(allowedBy([allow('kinesis:ListShards', STREAM), deny('kinesis:*', STREAM)], list)).toBeNull()
    expect(allowedBy([allow('kinesis:GetRecords', STREAM)], list)).toBeNull()
  })
})

function ofDynamo(operation: string, body: object): ServiceRequest {
  return { service: 'dynamodb', operation, body: { ...body } }
}

function ofKinesis(operation: string, body: object): ServiceRequest {
  return { service: 'kinesis', operation, body: { ...body } }
}

function ofObject(method: string, path: string, host = '127.0.0.1:4568'): ServiceRequest {
  return { service: 's3', method, host, path }
}

function needed(request: ServiceRequest): string[] | undefined {
  return permissionsNeeded(request, noStream)?.map(({ action, resource }) => `${action} on ${resource}`)
}

describe('a call of DynamoDB', () => {
  it.each(['PutItem', 'GetItem', 'UpdateItem', 'DeleteItem', 'Query'])(
    'requires %s on the table of the call',
    (operation) => {
      expect(needed(ofDynamo(operation, { TableName: 'Sessions' }))).toEqual([`dynamodb:${operation} on ${TABLE}`])
    },
  )

  it('accepts the ARN of any account as the name of a table', () => {
    const arn = 'arn:aws:dynamodb:eu-west-1:123456789012:table/Sessions'
    expect(needed(ofDynamo('GetItem', { TableName: arn }))).toEqual([`dynamodb:GetItem on ${TABLE}`])
  })

  it('requires Query on the index that a query reads', () => {
    const query = ofDynamo('Query', { TableName: 'Sessions', IndexName: 'due' })
    expect(needed(query)).toEqual([`dynamodb:Query on ${TABLE}/index/due`])
  })

  it.each(['BatchGetItem', 'BatchWriteItem'])('requires %s on each table of a batch', (operation) => {
    const both = ofDynamo(operation, { RequestItems: { Sessions: {}, Results: {} } })
    expect(needed(both)).toEqual([`dynamodb:${operation} on ${TABLE}`, `dynamodb:${operation} on ${OTHER_TABLE}`])
  })

  it('requires for a batch of statements the action of each on its table', () => {
    const insert = { Statement: `INSERT INTO "Sessions" VALUE {'pk': ?}`, Parameters: [{ S: 'a' }] }
    const update = {
      Statement: 'UPDATE "Results" SET "x" = ? WHERE "pk" = ?',
      Parameters: [{ N: '1' }, { S: 'a' }],
    }
    expect(needed(ofDynamo('BatchExecuteStatement', { Statements: [insert, update] }))).toEqual([
      `dynamodb:PartiQLInsert on ${TABLE}`,
      `dynamodb:PartiQLUpdate on ${OTHER_TABLE}`,
    ])
    const unknown = { Statement: 'DELETE FROM "Results"' }
    expect(needed(ofDynamo('BatchExecuteStatement', { Statements: [insert, unknown] }))).toBeUndefined()
  })

  it('requires for a transaction the actions of all its items', () => {
    const items = [
      { Put: { TableName: 'Sessions' } },
      { Update: { TableName: 'Sessions' } },
      { Delete: { TableName: 'Results' } },
      { ConditionCheck: { TableName: 'Results' } },
    ]
    expect(needed(ofDynamo('TransactWriteItems', { TransactItems: items }))).toEqual([
      `dynamodb:PutItem on ${TABLE}`,
      `dynamodb:UpdateItem on ${TABLE}`,
      `dynamodb:DeleteItem on ${OTHER_TABLE}`,
      `dynamodb:ConditionCheckItem on ${OTHER_TABLE}`,
    ])
    expect(needed(ofDynamo('TransactWriteItems', { TransactItems: [{ Drop: {} }] }))).toBeUndefined()
  })
})

describe('a call of Kinesis', () => {
  it.each(['ListShards', 'GetShardIterator'])('requires %s on the stream of the call', (operation) => {
    expect(needed(ofKinesis(operation, { StreamName: 'Events' }))).toEqual([`kinesis:${operation} on ${STREAM}`])
    expect(needed(ofKinesis(operation, { StreamARN: STREAM }))).toEqual([`kinesis:${operation} on ${STREAM}`])
  })

  it('requires ListShards on any stream for a further page of shards', () => {
    expect(needed(ofKinesis('ListShards', { NextToken: 'more' }))).toEqual(['kinesis:ListShards on null'])
  })

  it('requires GetRecords on the stream of the iterator, or on any if it is unknown', () => {
    const read = ofKinesis('GetRecords', { ShardIterator: 'known' })
    const streamOf = (iterator: string): string | null => (iterator === 'known' ? STREAM : null)
    expect(permissionsNeeded(read, streamOf)).toEqual([{ action: 'kinesis:GetRecords', resource: STREAM }])
    expect(needed(read)).toEqual(['kinesis:GetRecords on null'])
  })
})

describe('a call of S3', () => {
  it.each([
    [
      'PUT',
      '/dead-letters/rejected/a%20b.ndjson?x-id=PutObject',
      's3:PutObject on arn:aws:s3:::dead-letters/rejected/a b.ndjson',
    ],
    ['GET', '/dead-letters/a?x-id=GetObject', 's3:GetObject on arn:aws:s3:::dead-letters/a'],
    ['HEAD', '/dead-letters/a', 's3:GetObject on arn:aws:s3:::dead-letters/a'],
    ['DELETE', '/dead-letters/a?x-id=DeleteObject', 's3:DeleteObject on arn:aws:s3:::dead-letters/a'],
    ['GET', '/dead-letters?list-type=2&prefix=rejected%2F', 's3:ListBucket on arn:aws:s3:::dead-letters'],
    ['GET', '/dead-letters/', 's3:ListBucket on arn:aws:s3:::dead-letters'],
  ])('%s %s requires %s', (method, path, permission) => expect(needed(ofObject(method, path))).toEqual([permission]))

  it.each([
    'dead-letters.localhost:4568',
    'dead-letters.s3.us-east-1.amazonaws.com',
    'dead-letters.s3-us-west-2.amazonaws.com',
  ])('finds the bucket in the host: %s', (host) => {
    expect(needed(ofObject('PUT', '/rejected/a', host))).toEqual([
      's3:PutObject on arn:aws:s3:::dead-letters/rejected/a',
    ])
    expect(needed(ofObject('GET', '/?list-type=2', host))).toEqual(['s3:ListBucket on arn:aws:s3:::dead-letters'])
  })
})

describe('a call of Secrets Manager', () => {
  it('requires GetSecretValue on an ARN that ends with any six characters', () => {
    const byName: ServiceRequest = { service: 'secretsmanager', operation: 'GetSecretValue', body: { SecretId: 'key' } }
    const arn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:key'
    expect(needed(byName)).toEqual([`secretsmanager:GetSecretValue on ${arn}-??????`])
    expect(needed({ ...byName, body: { SecretId: `${arn}-AbC123` } })).toEqual([
      `secretsmanager:GetSecretValue on ${arn}-AbC123`,
    ])
  })
})

describe('an operation that is not known', () => {
  it.each([
    [ofDynamo('Scan', { TableName: 'Sessions' }), 'dynamodb:Scan'],
    [ofDynamo('constructor', {}), 'dynamodb:constructor'],
    [ofKinesis('PutRecords', { StreamName: 'Events' }), 'kinesis:PutRecords'],
    [ofObject('POST', '/dead-letters?delete='), 's3:POST ?delete'],
    [ofObject('GET', '/dead-letters/a?acl'), 's3:GET ?acl'],
    [ofObject('GET', '/dead-letters?policy'), 's3:GET ?policy'],
    [ofObject('PUT', '/dead-letters'), 's3:PUT'],
  ])('denies an unknown operation by name, whatever the role allows: %j', (request, named) => {
    const { denial } = authorize([allow('*', '*')], request, noStream)
    expect(denial).toEqual({ action: named, resource: null, isKnown: false })
    expect(denial && denialText('Ingest', denial, new Map())).toMatch(`Ingest may not ${named}: the local run does not`)
  })
})

describe('a request', () => {
  it('allows a request if the role allows every action that it requires', () => {
    const both = ofDynamo('BatchGetItem', { RequestItems: { Sessions: {}, Results: {} } })
    const role = [allow('dynamodb:BatchGetItem', TABLE), allow('dynamodb:Batch*', `${OTHER_TABLE}*`)]
    expect(authorize(role, both, noStream)).toEqual({
      used: [`dynamodb:BatchGetItem on ${TABLE}`, `dynamodb:BatchGetItem on ${OTHER_TABLE}*`],
      denial: null,
    })
    const { denial } = authorize(role.slice(0, 1), both, noStream)
    expect(denial).toEqual({ action: 'dynamodb:BatchGetItem', resource: OTHER_TABLE, isKnown: true })
  })

  it.each([
    [ofDynamo('PutItem', { TableName: 'r1-Sessions0A1B2C3D' }), 'dynamodb:PutItem on table Sessions'],
    [ofDynamo('Query', { TableName: 'Other', IndexName: 'due' }), 'dynamodb:Query on index due of table Other'],
    [ofKinesis('ListShards', { StreamName: 'Events' }), 'kinesis:ListShards on stream Events'],
    [ofKinesis('GetRecords', { ShardIterator: 'i' }), 'kinesis:GetRecords on any resource'],
    [ofObject('PUT', '/dead-letters/rejected/2026/a'), 's3:PutObject on rejected/… of bucket dead-letters'],
  ])('reports a denied request in one sentence: %j', (request, what) => {
    const titles = new Map([['r1-Sessions0A1B2C3D', 'Sessions']])
    const { denial } = authorize([], request, noStream)
    const sentence = denial && denialText('Ingest', denial, titles)
    expect(sentence).toBe(`Ingest may not ${what}: its role does not allow it`)
  })
})
