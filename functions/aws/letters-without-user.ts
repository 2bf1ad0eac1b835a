// One object of the dead-letter bucket and a user in; the object without what the user sent until a moment out.

import { gunzipSync } from 'node:zlib'
import type { KinesisStreamRecord } from 'aws-lambda'
import { REJECTED_PREFIX } from '../contract.ts'
import { isNamed } from '../domain/named-users.ts'
import { stateKey } from './session-items.ts'

export interface LettersLeft {
  /** Of the object; null when nothing is left of it. */
  readonly text: string | null
  readonly removed: number
  /** Of what is left, how much nobody can tell whose it is. */
  readonly unreadable: number
}

/** Whose, and until when. */
export interface Erased {
  readonly user: string
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

export function withoutUser(key: string, text: string, erased: Erased): LettersLeft {
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
  const letter = parsed(line) as { readonly arrival?: unknown; readonly data?: unknown } | undefined
  if (typeof letter?.data !== 'string') return isNamed(user, line) ? nothing : nobodys(line)
  if (Date.parse(String(letter.arrival)) > atMs) return asItWas(line)
  const { rest, ...counts } = eraseData(letter.data, user)
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

function eraseRecord(record: BatchRecord, { user, atMs }: Erased): Left<BatchRecord> {
  const { kinesis, dynamodb } = record
  if (kinesis !== undefined) {
    if (kinesis.approximateArrivalTimestamp * 1000 > atMs) return asItWas(record)
    const { rest, ...counts } = eraseData(kinesis.data, user)
    return { rest: rest === null ? null : { ...record, kinesis: { ...kinesis, data: rest } }, ...counts }
  }
  const partition = dynamodb?.Keys?.pk?.S
  if (partition === undefined) return nobodys(record)
  const isLater = (dynamodb?.ApproximateCreationDateTime ?? 0) * 1000 > atMs
  return partition === stateKey(user).pk && !isLater ? nothing : asItWas(record)
}

const GZIP = [0x1f, 0x8b]
/** Nothing that a record holds is larger when it is inflated. */
const INFLATED_BYTES_MAX = 16 * 1024 * 1024

/** A record's data, base64, which may hold events of several users: a list of them, or one a line. */
function eraseData(data: string, user: string): Left<string> {
  const text = readText(Buffer.from(data, 'base64'))
  const events = text === null ? null : eventsIn(text)
  if (events === null) return text !== null && isNamed(user, text) ? nothing : nobodys(data)
  const others = events.filter((event) => !isNamed(user, event))
  const removed = events.length - others.length
  if (removed === 0) return asItWas(data)
  const rest = others.length === 0 ? null : Buffer.from(others.join('\n')).toString('base64')
  return { rest, removed, isUnreadable: false }
}

/** Null for what cannot be inflated. */
function readText(bytes: Buffer): string | null {
  const isGzip = GZIP.every((byte, n) => bytes[n] === byte)
  try {
    return (isGzip ? gunzipSync(bytes, { maxOutputLength: INFLATED_BYTES_MAX }) : bytes).toString('utf8')
  } catch {
    return null
  }
}

/** The text of each event, one line each; null where there is something that is not JSON. */
function eventsIn(text: string): readonly string[] | null {
  const whole = parsed(text)
  if (Array.isArray(whole)) return whole.map((event) => JSON.stringify(event))
  if (whole !== undefined) return [JSON.stringify(whole)]
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.every((line) => parsed(line) !== undefined) ? lines : null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
