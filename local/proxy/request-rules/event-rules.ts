// Checks that the records of an invocation have the fields and types that AWS documents.

import type { Body } from './dynamo-request.ts'
import { firstProblem, type Rule } from './rule.ts'

/** The event of an invocation, such as a batch of a stream. */
export type InvocationEvent = unknown

/** Returns what is wrong with a field, such as `is no text`, or null. */
type FieldCheck = (value: unknown) => string | null

const text: FieldCheck = (value) => (typeof value === 'string' && value !== '' ? null : 'is no text')
const digits: FieldCheck = (value) => (typeof value === 'string' && /^\d+$/.test(value) ? null : 'is no text of digits')
const base64: FieldCheck = (value) =>
  typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value) ? null : 'is no base64'
const count: FieldCheck = (value) =>
  Number.isInteger(value) && Number(value) > 0 ? null : 'is no whole number above 0'

/** A number of milliseconds would be larger. */
const SECONDS_MAX = 1e11
const epochSeconds: FieldCheck = (value) =>
  typeof value === 'number' && value > 0 && value < SECONDS_MAX ? null : 'is no time in epoch seconds'

function oneOf(...allowed: readonly string[]): FieldCheck {
  return (value) => (allowed.includes(String(value)) ? null : `is not ${allowed.join(' or ')}`)
}

function fields(checks: Readonly<Record<string, FieldCheck>>): FieldCheck {
  return (value) => {
    if (typeof value !== 'object' || value === null) return 'is no object'
    return firstProblem(Object.entries(checks), ([name, check]) => {
      const found = check((value as Body)[name])
      return found && `${name} ${found}`
    })
  }
}

function listOf(check: FieldCheck): FieldCheck {
  return (value) => (Array.isArray(value) ? firstProblem(value, check) : 'is no list')
}

const VALUE_CHECKS: Readonly<Record<string, FieldCheck>> = {
  S: (value) => (typeof value === 'string' ? null : 'holds an S that is no text'),
  N: (value) => (typeof value === 'string' ? null : 'holds an N that is no text'),
  B: base64,
  BOOL: (value) => (typeof value === 'boolean' ? null : 'holds a BOOL that is no boolean'),
  NULL: (value) => (value === true ? null : 'holds a NULL that is not true'),
  SS: listOf(text),
  NS: listOf(text),
  BS: listOf(base64),
  L: listOf((value) => attributeValue(value)),
  M: (value) => attributes(value),
}

const attributeValue: FieldCheck = (value) => {
  const [[type, held] = [], ...more] = Object.entries(value ?? {})
  const check = VALUE_CHECKS[type ?? '']
  return check === undefined || more.length > 0 ? 'is no attribute value' : check(held)
}

const attributes: FieldCheck = (value) => {
  if (typeof value !== 'object' || value === null) return 'is no object'
  return firstProblem(Object.values(value), attributeValue)
}

const absent: FieldCheck = (value) => (value === undefined ? null : 'is present')

/** Lambda, "Using Lambda with Kinesis": the example event. */
export const KINESIS_RECORD = ofRecords(
  'kinesis-record',
  'aws:kinesis',
  fields({
    eventID: text,
    eventName: oneOf('aws:kinesis:record'),
    eventVersion: text,
    eventSourceARN: text,
    awsRegion: text,
    invokeIdentityArn: text,
    kinesis: fields({
      kinesisSchemaVersion: text,
      partitionKey: text,
      sequenceNumber: digits,
      data: base64,
      approximateArrivalTimestamp: epochSeconds,
    }),
  }),
)

const CHANGE = {
  ApproximateCreationDateTime: epochSeconds,
  Keys: attributes,
  SequenceNumber: digits,
  SizeBytes: count,
  StreamViewType: oneOf('NEW_AND_OLD_IMAGES', 'NEW_IMAGE', 'OLD_IMAGE', 'KEYS_ONLY'),
}

/** Returns the images that the view type and the kind of change give. */
function imagesOf(eventName: unknown, view: string): Record<string, FieldCheck> {
  const hasNew = eventName !== 'REMOVE' && /^NEW/.test(view)
  const hasOld = eventName !== 'INSERT' && /OLD_IMAGE/.test(view)
  return { NewImage: hasNew ? attributes : absent, OldImage: hasOld ? attributes : absent }
}

/**
 * Lambda, "Process DynamoDB records with Lambda": the example event. DynamoDB Streams,
 * StreamRecord: the images of each view type.
 */
export const TABLE_STREAM_RECORD = ofRecords('table-stream-record', 'aws:dynamodb', (record) => {
  const { eventName, dynamodb } = record as Body
  const view = String((dynamodb as Body | undefined)?.StreamViewType)
  return fields({
    eventID: text,
    eventName: oneOf('INSERT', 'MODIFY', 'REMOVE'),
    eventVersion: text,
    eventSourceARN: text,
    awsRegion: text,
    dynamodb: fields({ ...CHANGE, ...imagesOf(eventName, view) }),
  })(record)
})

/** Lambda, "Using Lambda with Kinesis": each record names its source. */
export const RECORD_SOURCE: Rule<InvocationEvent> = {
  name: 'record-source',
  problem: (event) => firstProblem(recordsOf(event), fields({ eventSource: oneOf('aws:kinesis', 'aws:dynamodb') })),
}

function ofRecords(name: string, source: string, check: FieldCheck): Rule<InvocationEvent> {
  return {
    name,
    problem: (event) =>
      firstProblem(recordsOf(event), (record) => (record?.eventSource === source ? check(record) : null)),
  }
}

/** Returns nothing for an event of a schedule or a command, which has no records. */
function recordsOf(event: InvocationEvent): readonly Body[] {
  const records = (event as { readonly Records?: unknown } | null | undefined)?.Records
  return Array.isArray(records) ? records : []
}

export const EVENT_RULES: readonly Rule<InvocationEvent>[] = [RECORD_SOURCE, KINESIS_RECORD, TABLE_STREAM_RECORD]
