// Checks requests to Kinesis and its answers against the limits of its API.

import type { Body } from './dynamo-request.ts'
import { countProblem, firstProblem, MB, type Rule, sizeProblem } from './rule.ts'

/** A request to Kinesis or its answer. */
export interface KinesisMessage {
  readonly operation: string
  readonly body: Body
}

const RECORDS_MAX = 500
const REQUEST_BYTES_MAX = 10 * MB
/** A stream allows up to 10 MB only after UpdateMaxRecordSize, which the template does not use. */
const RECORD_BYTES_MAX = MB
const KEY_CHARACTERS_MAX = 256
const READ_RECORDS_MAX = 10_000
const READ_BYTES_MAX = 10 * MB

interface PutRecord {
  readonly PartitionKey: string
  /** In base64. */
  readonly Data: string
}

function putRecords({ operation, body }: KinesisMessage): PutRecord[] {
  if (operation === 'PutRecords') return (body.Records ?? []) as PutRecord[]
  return operation === 'PutRecord' ? [body as unknown as PutRecord] : []
}

function recordBytes({ PartitionKey, Data }: PutRecord): number {
  return Buffer.byteLength(PartitionKey) + dataBytes(Data)
}

function dataBytes(data: string): number {
  return Buffer.byteLength(data, 'base64')
}

/** PutRecords: up to 500 records. */
export const PUT_RECORDS_COUNT: Rule<KinesisMessage> = {
  name: 'put-records-count',
  problem: (message) =>
    message.operation === 'PutRecords' ? countProblem(putRecords(message).length, 'records', RECORDS_MAX) : null,
}

/** PutRecords: 10 MB with the partition keys. AWS allowed 5 MB until records could have 10 MB. */
export const PUT_RECORDS_SIZE: Rule<KinesisMessage> = {
  name: 'put-records-size',
  problem: (message) => {
    const bytes = putRecords(message).reduce((sum, record) => sum + recordBytes(record), 0)
    return sizeProblem(bytes, 'records', REQUEST_BYTES_MAX)
  },
}

/** PutRecord, PutRecords: 1 MB with the partition key, unless the stream allows more. */
export const RECORD_SIZE: Rule<KinesisMessage> = {
  name: 'record-size',
  problem: (message) =>
    firstProblem(putRecords(message), (record) => sizeProblem(recordBytes(record), 'a record', RECORD_BYTES_MAX)),
}

/** PutRecord, PutRecords: a partition key has 1 to 256 Unicode characters. */
export const PARTITION_KEY_LENGTH: Rule<KinesisMessage> = {
  name: 'partition-key-length',
  problem: (message) =>
    firstProblem(putRecords(message), ({ PartitionKey }) => {
      return countProblem([...PartitionKey].length, 'characters of a partition key', KEY_CHARACTERS_MAX)
    }),
}

/** GetRecords: a limit of 1 to 10,000. */
export const GET_RECORDS_LIMIT: Rule<KinesisMessage> = {
  name: 'get-records-limit',
  problem: ({ operation, body: { Limit } }) =>
    operation === 'GetRecords' && Limit !== undefined
      ? countProblem(Number(Limit), 'records asked for', READ_RECORDS_MAX)
      : null,
}

/** GetRecords: returns at most 10,000 records and 10 MB. */
export const GET_RECORDS_ANSWER: Rule<KinesisMessage> = {
  name: 'get-records-answer',
  problem: ({ operation, body }) => {
    if (operation !== 'GetRecords') return null
    const records = (body.Records ?? []) as { readonly Data: string }[]
    if (records.length > READ_RECORDS_MAX) return countProblem(records.length, 'records', READ_RECORDS_MAX)
    const bytes = records.reduce((sum, { Data }) => sum + dataBytes(Data), 0)
    return sizeProblem(bytes, 'records', READ_BYTES_MAX)
  },
}

export const KINESIS_REQUEST_RULES: readonly Rule<KinesisMessage>[] = [
  PUT_RECORDS_COUNT,
  PUT_RECORDS_SIZE,
  RECORD_SIZE,
  PARTITION_KEY_LENGTH,
  GET_RECORDS_LIMIT,
]

export const KINESIS_ANSWER_RULES: readonly Rule<KinesisMessage>[] = [GET_RECORDS_ANSWER]
