// Tests that each rule about DynamoDB catches what AWS refuses and passes what AWS takes.

import { describe, expect, it } from 'vitest'
import { DYNAMO_ANSWER_RULES } from '../../../../local/proxy/request-rules/answer-rules.ts'
import { DYNAMO_REQUEST_RULES } from '../../../../local/proxy/request-rules/request-rules.ts'
import { RESERVED_WORDS } from '../../../../local/proxy/request-rules/reserved-words.ts'
import { brokenBy, brokenByAnswer } from './sent-requests.ts'

const KB = 1024
const MB = 1024 * KB
const KEY = { pk: { S: 'a' }, sk: { S: 'b' } }

function times<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => make(n))
}

function put(own: object) {
  return { TableName: 'Table', Item: { ...KEY, ...own } }
}

function update(expression: string, own: object = {}) {
  return { TableName: 'Table', Key: KEY, UpdateExpression: expression, ...own }
}

function query(expression: string, values: object, own: object = {}) {
  return { TableName: 'Table', KeyConditionExpression: expression, ExpressionAttributeValues: values, ...own }
}

function keys(count: number) {
  return { RequestItems: { Table: { Keys: times(count, (n) => ({ pk: { S: 'a' }, sk: { S: `${n}` } })) } } }
}

function writes(count: number) {
  const puts = times(count, (n) => ({ PutRequest: { Item: { pk: { S: 'a' }, sk: { S: `${n}` } } } }))
  return { RequestItems: { Table: puts } }
}

function transaction(count: number, own: object = {}) {
  const puts = times(count, (n) => ({
    Put: { TableName: 'Table', Item: { ...own, pk: { S: 'a' }, sk: { S: `${n}` } } },
  }))
  return { TransactItems: puts }
}

function nested(levels: number): object {
  return levels === 1 ? { S: 'deep' } : { L: [nested(levels - 1)] }
}

/** Returns a value that makes the item of `put` this large: the keys have 6 bytes, the name one. */
function padded(itemBytes: number) {
  return put({ x: { S: 'x'.repeat(itemBytes - 7) } })
}

function inserted(sk: string) {
  return { Statement: `INSERT INTO "Table" VALUE {'pk': ?, 'sk': ?}`, Parameters: [{ S: 'a' }, { S: sk }] }
}

const INSERT = inserted('b')
const UPDATE = {
  Statement: 'UPDATE "Table" SET "version" = ?, "x" = ? WHERE "pk" = ? AND "sk" = ? AND "version" = ?',
  Parameters: [{ N: '2' }, { NULL: true }, { S: 'a' }, { S: 'b' }, { N: '1' }],
}

/** Each rule with a request that breaks it. */
const BREAKING: readonly [rule: string, what: string, operation: string, body: object][] = [
  ['key-empty', 'an item with an empty sort key', 'PutItem', put({ sk: { S: '' } })],
  ['key-empty', 'an item with an empty binary key', 'PutItem', put({ pk: { B: '' } })],
  ['key-empty', 'an item with an empty key of an index', 'PutItem', put({ hour_slice: { S: '' } })],
  ['key-empty', 'an empty key to read', 'GetItem', { TableName: 'Table', Key: { pk: { S: '' }, sk: { S: 'b' } } }],
  [
    'key-empty',
    'a prefix of no characters',
    'Query',
    query('pk = :p AND begins_with(sk, :s)', { ':p': { S: 'a' }, ':s': { S: '' } }),
  ],
  [
    'key-empty',
    'a bound of no characters',
    'Query',
    query(
      '#p = :p AND sk BETWEEN :s AND :t',
      { ':p': { S: 'a' }, ':s': { S: '' }, ':t': { S: 'z' } },
      { ExpressionAttributeNames: { '#p': 'pk' } },
    ),
  ],
  [
    'key-empty',
    'an empty key of an index',
    'Query',
    query('hour_slice = :h', { ':h': { S: '' } }, { IndexName: 'by_hour' }),
  ],
  [
    'key-empty',
    'an update of an index key',
    'UpdateItem',
    update('SET slice_key = :s', { ExpressionAttributeValues: { ':s': { S: '' } } }),
  ],
  [
    'key-empty',
    'an empty key in a transaction',
    'TransactWriteItems',
    { TransactItems: [{ Delete: { TableName: 'Table', Key: { pk: { S: 'a' }, sk: { S: '' } } } }] },
  ],
  ['key-size', 'a partition key of 2049 bytes', 'PutItem', put({ pk: { S: 'x'.repeat(2049) } })],
  ['key-size', 'a sort key of 1025 bytes', 'PutItem', put({ sk: { S: `${'é'.repeat(512)}x` } })],
  ['table-known', 'a table of unknown keys', 'GetItem', { TableName: 'Other', Key: KEY }],
  ['expression-length', 'an expression of more than 4 KB', 'UpdateItem', update(`SET ${'a'.repeat(4 * KB)} = b`)],
  ['expression-syntax', 'a clause that comes twice', 'UpdateItem', update('REMOVE a REMOVE b')],
  ['expression-syntax', 'an empty expression', 'GetItem', { TableName: 'Table', Key: KEY, ProjectionExpression: '' }],
  [
    'expression-operators',
    '301 operators',
    'PutItem',
    { ...put({}), ConditionExpression: times(151, () => 'a<b').join(' OR ') },
  ],
  [
    'in-operands',
    '101 operands of IN',
    'PutItem',
    { ...put({}), ConditionExpression: `a IN (${times(101, () => 'b').join()})` },
  ],
  [
    'placeholder-length',
    'a name of 256 bytes',
    'UpdateItem',
    update(`REMOVE #${'n'.repeat(255)}`, { ExpressionAttributeNames: { [`#${'n'.repeat(255)}`]: 'a' } }),
  ],
  [
    'substitution-size',
    'values of more than 2 MB',
    'UpdateItem',
    update('SET a = :a', { ExpressionAttributeValues: { ':a': { S: 'x'.repeat(2 * MB) } } }),
  ],
  ['name-undefined', 'a name without a definition', 'UpdateItem', update('REMOVE #a')],
  [
    'name-unused',
    'a name that no expression uses',
    'UpdateItem',
    update('REMOVE a', { ExpressionAttributeNames: { '#b': 'b' } }),
  ],
  ['value-undefined', 'a value without a definition', 'UpdateItem', update('SET a = :a')],
  [
    'value-unused',
    'a value that no expression uses',
    'UpdateItem',
    update('REMOVE a', { ExpressionAttributeValues: { ':b': { S: 'b' } } }),
  ],
  ['value-unused', 'an empty map of values', 'UpdateItem', update('REMOVE a', { ExpressionAttributeValues: {} })],
  ['reserved-word', 'a reserved word in an update', 'UpdateItem', update('REMOVE status')],
  ['reserved-word', 'a clause as a name', 'UpdateItem', update('REMOVE set')],
  ['reserved-word', 'a reserved word inside a path', 'UpdateItem', update('REMOVE a.hour[1].b')],
  [
    'reserved-word',
    'a reserved word in a condition',
    'PutItem',
    { ...put({}), ConditionExpression: 'attribute_not_exists(a) OR user < b' },
  ],
  [
    'reserved-word',
    'a reserved word in a projection',
    'GetItem',
    { TableName: 'Table', Key: KEY, ProjectionExpression: 'a, day' },
  ],
  [
    'reserved-word',
    'a reserved word in the projection of a batch',
    'BatchGetItem',
    { RequestItems: { Table: { Keys: [KEY], ProjectionExpression: 'pk, ttl' } } },
  ],
  [
    'reserved-word',
    'a reserved word in a filter',
    'Scan',
    {
      TableName: 'Table',
      FilterExpression: 'attribute_exists(#n) AND size(items) > a',
      ExpressionAttributeNames: { '#n': 'n' },
    },
  ],
  ['batch-get-keys', '101 keys', 'BatchGetItem', keys(101)],
  ['batch-write-items', '26 writes', 'BatchWriteItem', writes(26)],
  ['batch-write-items', 'no write', 'BatchWriteItem', writes(0)],
  ['transaction-items', '101 items', 'TransactWriteItems', transaction(101)],
  ['transaction-size', 'more than 4 MB', 'TransactWriteItems', transaction(11, { x: { S: 'x'.repeat(390 * KB) } })],
  [
    'statements',
    '26 statements',
    'BatchExecuteStatement',
    { Statements: times(26, () => ({ Statement: 'SELECT 1' })) },
  ],
  [
    'transaction-statements',
    '101 statements',
    'ExecuteTransaction',
    { TransactStatements: times(101, () => ({ Statement: 'x' })) },
  ],
  [
    'statements-mixed',
    'a read and a write',
    'BatchExecuteStatement',
    { Statements: [{ Statement: 'SELECT * FROM t' }, { Statement: 'DELETE FROM t' }] },
  ],
  [
    'statement-length',
    '8,193 characters',
    'BatchExecuteStatement',
    { Statements: [{ Statement: `INSERT INTO "${'x'.repeat(8193)}" VALUE {}` }] },
  ],
  [
    'statement-read',
    'a value in the text of a statement',
    'BatchExecuteStatement',
    { Statements: [{ Statement: `INSERT INTO "Table" VALUE {'pk': 'a', 'sk': ?}`, Parameters: [{ S: 'b' }] }] },
  ],
  [
    'statement-read',
    'a parameter without a question mark',
    'BatchExecuteStatement',
    { Statements: [{ Statement: `INSERT INTO "Table" VALUE {'pk': ?}`, Parameters: [{ S: 'a' }, { S: 'b' }] }] },
  ],
  ['item-twice', 'a state in two statements', 'BatchExecuteStatement', { Statements: [INSERT, UPDATE] }],
  ['key-empty', 'an insert with an empty sort key', 'BatchExecuteStatement', { Statements: [inserted('')] }],
  ['item-twice', 'a key twice', 'BatchGetItem', { RequestItems: { Table: { Keys: [KEY, KEY] } } }],
  [
    'item-twice',
    'a put and a delete of an item',
    'BatchWriteItem',
    { RequestItems: { Table: [{ PutRequest: { Item: { ...KEY, a: { S: 'a' } } } }, { DeleteRequest: { Key: KEY } }] } },
  ],
  [
    'item-twice',
    'two changes of an item',
    'TransactWriteItems',
    { TransactItems: [{ Put: put({}) }, { Update: update('REMOVE a') }] },
  ],
  ['request-size', 'more than 16 MB', 'PutItem', put({ x: { S: 'x'.repeat(16 * MB) } })],
  ['item-size', 'an item of a byte more than 400 KB', 'PutItem', padded(400 * KB + 1)],
  ['nesting-depth', '33 levels', 'PutItem', put({ x: nested(33) })],
  ['number-range', 'a number of 39 digits', 'PutItem', put({ x: { N: '1'.repeat(39) } })],
  ['number-range', 'a number that is too large', 'PutItem', put({ x: { L: [{ N: '1e126' }] } })],
  ['number-range', 'a number that is too small', 'PutItem', put({ x: { NS: ['0.1e-130'] } })],
  ['number-range', 'no number', 'PutItem', put({ x: { N: 'NaN' } })],
  ['set-empty', 'an empty set', 'PutItem', put({ x: { SS: [] } })],
  ['set-duplicate', 'a text twice', 'PutItem', put({ x: { M: { y: { SS: ['a', 'b', 'a'] } } } })],
  ['set-duplicate', 'a number in two spellings', 'PutItem', put({ x: { NS: ['1', '1.0'] } })],
]

/** Requests at the limits, which DynamoDB takes. */
const PASSING: readonly [what: string, operation: string, body: object][] = [
  ['keys of the largest sizes', 'PutItem', put({ pk: { S: 'x'.repeat(2048) }, sk: { S: 'é'.repeat(512) } })],
  ['an empty text that is no key', 'PutItem', put({ x: { S: '' } })],
  ['an item of 400 KB', 'PutItem', padded(400 * KB)],
  ['32 levels', 'PutItem', put({ x: nested(32) })],
  [
    'numbers at the ends of the range',
    'PutItem',
    put({ x: { NS: [`${'9'.repeat(38)}e88`, '1e-130', '-1E-130', '0', `1${'0'.repeat(100)}`] } }),
  ],
  ['100 keys', 'BatchGetItem', keys(100)],
  ['25 writes', 'BatchWriteItem', writes(25)],
  ['100 items of a transaction', 'TransactWriteItems', transaction(100)],
  ['300 operators', 'PutItem', { ...put({}), ConditionExpression: `NOT ${times(150, () => 'a<b').join(' AND ')}` }],
  [
    'a name of 255 bytes',
    'UpdateItem',
    update(`REMOVE #${'n'.repeat(254)}`, { ExpressionAttributeNames: { [`#${'n'.repeat(254)}`]: 'status' } }),
  ],
  [
    'all clauses of an update',
    'UpdateItem',
    update('set a = if_not_exists(a, :n) + :n, c.d[3] = list_append(:l, c.e) remove f add g :n delete h :s', {
      ExpressionAttributeValues: { ':n': { N: '1' }, ':l': { L: [] }, ':s': { SS: [''] } },
    }),
  ],
  [
    'all forms of a condition',
    'PutItem',
    {
      ...put({}),
      ConditionExpression:
        '(not contains(a, b)) or (a between c and d and size(e) <> f) or a in (b, c) and attribute_type(a, b)',
    },
  ],
]

describe('the rules about requests to DynamoDB', () => {
  it.each(BREAKING)('refuse by the rule %s: %s', (rule, _, operation, body) => {
    expect(brokenBy('dynamodb', operation, body)).toBe(rule)
  })

  it.each(PASSING)('let pass %s', (_, operation, body) => {
    expect(brokenBy('dynamodb', operation, body)).toBeNull()
  })

  it('each have a request that breaks them', () => {
    const broken = new Set(BREAKING.map(([rule]) => rule))
    expect(DYNAMO_REQUEST_RULES.map(({ name }) => name).filter((name) => !broken.has(name))).toEqual([])
  })

  it('refuse each of the 573 reserved words in any case, and take it behind a placeholder', () => {
    expect(RESERVED_WORDS.size).toBe(573)
    for (const word of RESERVED_WORDS) {
      expect(brokenBy('dynamodb', 'UpdateItem', update(`REMOVE ${word.toLowerCase()}`)), word).toBe('reserved-word')
      const named = update('REMOVE #word', { ExpressionAttributeNames: { '#word': word } })
      expect(brokenBy('dynamodb', 'UpdateItem', named), word).toBeNull()
    }
  })
})

describe('the rules about answers of DynamoDB', () => {
  const items = (count: number, itemBytes: number) => times(count, () => padded(itemBytes).Item)

  it.each([
    ['page-size', 'Query', { Items: items(11, 100 * KB) }],
    ['answer-size', 'BatchGetItem', { Responses: { Table: items(50, 350 * KB) } }],
    ['stored-item-size', 'GetItem', { Item: padded(400 * KB + 1).Item }],
  ])('report the rule %s', (rule, operation, answer) => {
    expect(brokenByAnswer('dynamodb', operation, answer)).toBe(rule)
  })

  it('let pass a page of 1 MB and an answer without items', () => {
    expect(brokenByAnswer('dynamodb', 'Scan', { Items: items(4, 256 * KB) })).toBeNull()
    expect(brokenByAnswer('dynamodb', 'PutItem', {})).toBeNull()
    expect(brokenByAnswer('dynamodb', 'TransactGetItems', { Responses: [{ Item: KEY }, {}] })).toBeNull()
  })

  it('are three', () => {
    expect(DYNAMO_ANSWER_RULES.map(({ name }) => name)).toEqual(['page-size', 'answer-size', 'stored-item-size'])
  })
})
