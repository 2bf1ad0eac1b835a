// One object of the dead-letter bucket and a user in; the object without what the user sent until a moment out.

import type { KinesisStreamRecord } from 'aws-lambda'
import { REJECTED_PREFIX } from '../../contract.ts'
import { isNamed } from '../../domain/events/named-users.ts'
import { stateKey } from '../sessions-table/session-items.ts'
import { unpackRecord } from '../stream/record-events.ts'

export interface DeadLettersLeft {
  /** Of the object; null when nothing is left of it. */
  readonly text: string | null
  readonly removed: number
  /** Of what is left, how much nobody can tell whose it is. */
  readonly unreadable: number
}

/** Whose, and until when. */
export interface Erased {
  /** As the producer sends it. */
  readonly user: string
  /** As the tables have it. */
  readonly storedAs: string
  readonly atMs: number
}

/** What became of one line or record: as it was, without the user's events, or null. */
interface Left<T> {
  readonly rest: T | null
  readonly removed: number
  readonly isUnreadable: boolean
}

const asItWas = <T>(rest: T): Left<T> => ({ rest, removed: 0, isUnreadable: false })
const nobodys = <T>(rest: T): Left<T> => ({ rest, removed: 0, isUnreadable: true })
const nothing = { rest: null, removed: 1, isUnreadable: false }

/** Instead of a partition key that was the user's id. */
const FORGOTTEN_KEY = 'forgotten'

export function withoutUser(key: string, text: string, erased: Erased): DeadLettersLeft {
  if (key.startsWith(REJECTED_PREFIX)) {
    const { rest, ...counts } = eraseAll(text.split('\n').filter(Boolean), (line) => eraseLine(line, erased))
    return { text: rest.length === 0 ? null : rest.map((line) => `${line}\n`).join(''), ...counts }
  }
  const batch = readBatch(text)
  if (batch === null) {
    return isNamed(erased.user, text) ? { text: null, removed: 1, unreadable: 0 } : { text, removed: 0, unreadable: 1 }
  }
  const { rest, ...counts } = eraseAll(batch.records, (record) => eraseRecord(record as BatchRecord, erased))
  return { text: rest.length === 0 ? null : batch.textOf(rest), ...counts }
}

function eraseAll<T>(all: readonly T[], erase: (one: T) => Left<T>) {
  const left = all.map(erase)
  return {
    rest: left.flatMap(({ rest }) => (rest === null ? [] : [rest])),
    removed: left.reduce((sum, { removed }) => sum + removed, 0),
    unreadable: left.filter(({ isUnreadable }) => isUnreadable).length,
  }
}

function eraseLine(line: string, { user, atMs }: Erased): Left<string> {
  const letter = parsed(line) as { arrival?: unknown; data?: unknown; subSequence?: unknown } | undefined
  if (typeof letter?.data !== 'string') return isNamed(user, line) ? nothing : nobodys(line)
  if (Date.parse(String(letter.arrival)) > atMs) return asItWas(line)
  const subSequence = typeof letter.subSequence === 'number' ? letter.subSequence : null
  const { rest, ...counts } = eraseData(letter.data, subSequence, user)
  if (rest === null) return { rest, ...counts }
  return { rest: counts.removed === 0 ? line : JSON.stringify({ ...letter, data: rest }), ...counts }
}

interface Batch {
  readonly records: readonly unknown[]
  textOf(records: readonly unknown[]): string
}

/** As Lambda writes it: `payload` is the event that the function was called with, as text. Null for anything else. */
function readBatch(text: string): Batch | null {
  const whole = parsed(text) as { readonly payload?: unknown } | null | undefined
  const isText = typeof whole?.payload === 'string'
  const event = (isText ? parsed(whole.payload as string) : whole?.payload) as { readonly Records?: unknown } | null
  if (!Array.isArray(event?.Records)) return null
  return {
    records: event.Records,
    textOf: (records) => {
      const payload = { ...event, Records: records }
      return JSON.stringify({ ...whole, payload: isText ? JSON.stringify(payload) : payload })
    },
  }
}

type BatchRecord = Partial<KinesisStreamRecord> & {
  readonly dynamodb?: {
    readonly Keys?: { readonly pk?: { readonly S?: string } }
    ApproximateCreationDateTime?: number
  }
}

function eraseRecord(record: BatchRecord, { user, storedAs, atMs }: Erased): Left<BatchRecord> {
  const { kinesis, dynamodb } = record
  if (kinesis !== undefined) {
    if (kinesis.approximateArrivalTimestamp * 1000 > atMs) return asItWas(record)
    const { rest, ...counts } = eraseData(kinesis.data, null, user)
    const isKeyed = kinesis.partitionKey === user
    if (rest === null || (counts.isUnreadable && isKeyed)) return nothing
    const partitionKey = isKeyed ? FORGOTTEN_KEY : kinesis.partitionKey
    return { rest: { ...record, kinesis: { ...kinesis, partitionKey, data: rest } }, ...counts }
  }
  const partition = dynamodb?.Keys?.pk?.S
  if (partition === undefined) return nobodys(record)
  const isLater = (dynamodb?.ApproximateCreationDateTime ?? 0) * 1000 > atMs
  return partition === stateKey(storedAs).pk && !isLater ? nothing : asItWas(record)
}

/** A record's data, base64, which may hold events of several users. What is left of one is a list, one event a line. */
function eraseData(data: string, subSequence: number | null, user: string): Left<string> {
  const events = unpackRecord({ data, subSequence }).events.map((event) => {
    const text = Buffer.from(event.data(), 'base64').toString('utf8')
    return { text, isOf: isNamed(user, text), isReadable: event.read().ok }
  })
  const others = events.filter(({ isOf }) => !isOf)
  const removed = events.length - others.length
  if (removed === 0) return events.every(({ isReadable }) => isReadable) ? asItWas(data) : nobodys(data)
  // JSON has no line break that says anything.
  const lines = others.map(({ text }) => text.replace(/[\r\n]+/g, ' '))
  const rest = others.length === 0 ? null : Buffer.from(lines.join('\n')).toString('base64')
  return { rest, removed, isUnreadable: others.some(({ isReadable }) => !isReadable) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
