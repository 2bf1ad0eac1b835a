// Tests that each rule about Kinesis catches what AWS refuses and passes what AWS takes.

import { describe, expect, it } from 'vitest'
import { KINESIS_ANSWER_RULES, KINESIS_REQUEST_RULES } from '../../../../local/proxy/request-rules/kinesis-rules.ts'
import { brokenBy, brokenByAnswer } from './sent-requests.ts'

const MB = 1024 * 1024

function record(dataBytes: number, PartitionKey = 'k') {
  return { PartitionKey, Data: Buffer.alloc(dataBytes).toString('base64') }
}

function records(count: number, dataBytes: number) {
  return { StreamName: 'Events', Records: Array.from({ length: count }, () => record(dataBytes)) }
}

const BREAKING: readonly [rule: string, what: string, operation: string, body: object][] = [
  ['put-records-count', '501 records', 'PutRecords', records(501, 1)],
  ['put-records-count', 'no record', 'PutRecords', records(0, 1)],
  ['put-records-size', 'more than 10 MB', 'PutRecords', records(11, MB - 1)],
  ['record-size', 'a record of more than 1 MB with its key', 'PutRecord', record(MB)],
  ['partition-key-length', 'an empty partition key', 'PutRecord', record(1, '')],
  ['partition-key-length', 'a key of 257 characters', 'PutRecords', { Records: [record(1, 'é'.repeat(257))] }],
  ['get-records-limit', 'a limit above 10,000', 'GetRecords', { ShardIterator: 'i', Limit: 10_001 }],
]

describe('the rules about requests to Kinesis', () => {
  it.each(BREAKING)('refuse by the rule %s: %s', (rule, _, operation, body) => {
    expect(brokenBy('kinesis', operation, body)).toBe(rule)
  })

  it('let pass requests at the limits', () => {
    expect(brokenBy('kinesis', 'PutRecords', records(500, 1))).toBeNull()
    expect(brokenBy('kinesis', 'PutRecords', records(10, MB - 1))).toBeNull()
    expect(brokenBy('kinesis', 'PutRecord', record(1, '🐕'.repeat(256)))).toBeNull()
    expect(brokenBy('kinesis', 'GetRecords', { ShardIterator: 'i', Limit: 10_000 })).toBeNull()
    expect(brokenBy('kinesis', 'GetRecords', { ShardIterator: 'i' })).toBeNull()
  })

  it('each have a request that breaks them', () => {
    const broken = new Set(BREAKING.map(([rule]) => rule))
    expect(KINESIS_REQUEST_RULES.map(({ name }) => name).filter((name) => !broken.has(name))).toEqual([])
  })
})

describe('the rule about answers of Kinesis', () => {
  it('reports an answer of more than 10,000 records or 10 MB', () => {
    expect(KINESIS_ANSWER_RULES.map(({ name }) => name)).toEqual(['get-records-answer'])
    expect(brokenByAnswer('kinesis', 'GetRecords', records(10_001, 1))).toBe('get-records-answer')
    expect(brokenByAnswer('kinesis', 'GetRecords', records(11, MB))).toBe('get-records-answer')
    expect(brokenByAnswer('kinesis', 'GetRecords', records(10, MB))).toBeNull()
    expect(brokenByAnswer('kinesis', 'ListShards', { Shards: [] })).toBeNull()
  })
})
