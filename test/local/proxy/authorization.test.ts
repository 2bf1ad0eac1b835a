// Authorization: requests and the statements of a role in, what they need and whether they may out.

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
  ])('%s stands for %s', (pattern, text) => expect(matchesWildcards(pattern, text)).toBe(true))

  it.each([
    ['', 'a'],
    ['table/Sessions', 'table/Sessions/index/due'],
    ['table/Sessions', 'table/sessions'],
    ['table/*/index/due', 'table/Sessions'],
    ['key-??????', 'key-AbC12'],
    ['a.b', 'axb'],
    ['(a+)+$', 'aaa'],
  ])('%s does not stand for %s', (pattern, text) => expect(matchesWildcards(pattern, text)).toBe(false))
})

describe('a role', () => {
  it('allows nothing that it does not name', () => {
    expect(allowedBy([], PUT)).toBeNull()
    expect(allowedBy([allow('dynamodb:GetItem', TABLE)], PUT)).toBeNull()
    expect(allowedBy([allow('dynamodb:PutItem', OTHER_TABLE)], PUT)).toBeNull()
  })

  it('allows what a statement names, in whatever case the action is written', () => {
    expect(allowedBy([allow(['dynamodb:GetItem', 'DynamoDB:putItem'], OTHER_TABLE, TABLE)], PUT)).toBe(TABLE)
  })

  it('allows what wildcards stand for, and is told by its own words', () => {
    expect(allowedBy([allow('dynamodb:*', '*')], PUT)).toBe('*')
    expect(allowedBy([allow('dynamodb:Put*', `${TABLE}*`)], PUT)).toBe(`${TABLE}*`)
  })

  it('does not allow an index by allowing its table', () => {
    const query = { action: 'dynamodb:Query', resource: `${TABLE}/index/due` }
    expect(allowedBy([allow('dynamodb:Query', TABLE)], query)).toBeNull()
    expect(allowedBy([allow('dynamodb:Query', `${TABLE}/index/due`)], query)).toBe(`${TABLE}/index/due`)
  })

  it('denies what any statement denies, wherever it stands', () => {
    const [allowing, denying] = [allow('dynamodb:*', '*'), deny('dynamodb:Put*', TABLE)]
    expect(allowedBy([allowing, denying], PUT)).toBeNull()
    expect(allowedBy([denying, allowing], PUT)).toBeNull()
    expect(allowedBy([denying, allowing], { ...PUT, resource: OTHER_TABLE })).toBe('*')
  })

  it('allows a request that names no resource where it allows any that is not denied', () => {
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
  it.each(['PutItem', 'GetItem', 'UpdateItem', 'DeleteItem', 'Query'])('needs %s on its table', (operation) => {
    expect(needed(ofDynamo(operation, { TableName: 'Sessions' }))).toEqual([`dynamodb:${operation} on ${TABLE}`])
  })

  it('may name its table by an ARN of any account', () => {
    const arn = 'arn:aws:dynamodb:eu-west-1:123456789012:table/Sessions'
    expect(needed(ofDynamo('GetItem', { TableName: arn }))).toEqual([`dynamodb:GetItem on ${TABLE}`])
  })

  it('needs a query on the index that it asks', () => {
    const query = ofDynamo('Query', { TableName: 'Sessions', IndexName: 'due' })
    expect(needed(query)).toEqual([`dynamodb:Query on ${TABLE}/index/due`])
  })

  it.each(['BatchGetItem', 'BatchWriteItem'])('needs %s on each of its tables', (operation) => {
    const both = ofDynamo(operation, { RequestItems: { Sessions: {}, Results: {} } })
    expect(needed(both)).toEqual([`dynamodb:${operation} on ${TABLE}`, `dynamodb:${operation} on ${OTHER_TABLE}`])
  })

  it('needs for a transaction what each of its items needs', () => {
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
  it.each(['ListShards', 'GetShardIterator'])('needs %s on the stream that it names', (operation) => {
    expect(needed(ofKinesis(operation, { StreamName: 'Events' }))).toEqual([`kinesis:${operation} on ${STREAM}`])
    expect(needed(ofKinesis(operation, { StreamARN: STREAM }))).toEqual([`kinesis:${operation} on ${STREAM}`])
  })

  it('needs the next page of shards of some stream', () => {
    expect(needed(ofKinesis('ListShards', { NextToken: 'more' }))).toEqual(['kinesis:ListShards on null'])
  })

  it('needs records of the stream that its iterator was handed out for, or of some stream', () => {
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
      '/letters/rejected/a%20b.ndjson?x-id=PutObject',
      's3:PutObject on arn:aws:s3:::letters/rejected/a b.ndjson',
    ],
    ['GET', '/letters/a?x-id=GetObject', 's3:GetObject on arn:aws:s3:::letters/a'],
    ['HEAD', '/letters/a', 's3:GetObject on arn:aws:s3:::letters/a'],
    ['DELETE', '/letters/a?x-id=DeleteObject', 's3:DeleteObject on arn:aws:s3:::letters/a'],
    ['GET', '/letters?list-type=2&prefix=rejected%2F', 's3:ListBucket on arn:aws:s3:::letters'],
    ['GET', '/letters/', 's3:ListBucket on arn:aws:s3:::letters'],
  ])('%s %s needs %s', (method, path, permission) => expect(needed(ofObject(method, path))).toEqual([permission]))

  it.each(['letters.localhost:4568', 'letters.s3.us-east-1.amazonaws.com', 'letters.s3-us-west-2.amazonaws.com'])(
    'may name its bucket in the host: %s',
    (host) => {
      expect(needed(ofObject('PUT', '/rejected/a', host))).toEqual(['s3:PutObject on arn:aws:s3:::letters/rejected/a'])
      expect(needed(ofObject('GET', '/?list-type=2', host))).toEqual(['s3:ListBucket on arn:aws:s3:::letters'])
    },
  )
})

describe('a call of Secrets Manager', () => {
  it('needs the secret’s value, whose ARN ends with six characters that its name does not have', () => {
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
    [ofObject('POST', '/letters?delete='), 's3:POST ?delete'],
    [ofObject('GET', '/letters/a?acl'), 's3:GET ?acl'],
    [ofObject('GET', '/letters?policy'), 's3:GET ?policy'],
    [ofObject('PUT', '/letters'), 's3:PUT'],
  ])('is denied by its name, whatever the role allows: %j', (request, named) => {
    const { denial } = authorize([allow('*', '*')], request, noStream)
    expect(denial).toEqual({ action: named, resource: null, isKnown: false })
    expect(denial && denialText('Ingest', denial, new Map())).toMatch(`Ingest may not ${named}: the local run does not`)
  })
})

describe('a request', () => {
  it('is allowed when all that it needs is, and used what the role says of it', () => {
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
    [ofObject('PUT', '/letters/rejected/2026/a'), 's3:PutObject on rejected/… of bucket letters'],
  ])('that is denied is told in one sentence: %j', (request, what) => {
    const titles = new Map([['r1-Sessions0A1B2C3D', 'Sessions']])
    const { denial } = authorize([], request, noStream)
    const sentence = denial && denialText('Ingest', denial, titles)
    expect(sentence).toBe(`Ingest may not ${what}: its role does not allow it`)
  })
})
