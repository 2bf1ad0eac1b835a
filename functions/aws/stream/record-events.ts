// What producers really send (E1): a record in, the events that it holds, packed or not, in their order out.

import { type Parsed, parseEvent, type Rejection } from '../../domain/events/decode.ts'
import { elementTexts } from '../../domain/events/json-array.ts'
import type { ArrivedRecord, RecordEvents, UnpackedEvent } from '../../ports.ts'
import { inflate, ZSTD_UNSUPPORTED } from './inflate.ts'
import { kplUserRecords } from './kpl.ts'

/** A Kinesis record is 1 MiB and JSON of events shrinks to about an eighth: what inflates to more means harm. */
export const RECORD_BYTES_MAX = 8 * 1024 * 1024
/** A megabyte of events of 100 bytes, which is shorter than most. */
export const RECORD_EVENTS_MAX = 10_000
/** What a Kinesis record holds: a refused event of more could not be sent again alone. */
const ALONE_BYTES_MAX = 1024 * 1024

/** What is corrupt may have inflated to the limit before that was seen. */
const CORRUPT_MAX = 8

const NEWLINE = 0x0a
const BLANKS: ReadonlySet<number | undefined> = new Set(Buffer.from(' \t\r\n'))

/** A byte order mark is left out. */
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Of a record of no more, the values of an array's elements are kept until they are read; else they are parsed again. */
const KEPT_BYTES_MAX = 1024 * 1024

/** Of a text that is too long for an event: up to here it is worth the memory to know whether it is one all the same. */
const LONG_CHARACTERS_MAX = 2 * 1024 * 1024

/** One event's JSON, and its bytes as they can be sent alone. */
interface Piece {
  readonly read: () => Parsed | Rejection
  readonly bytes: () => Buffer
  /** About as many bytes. */
  readonly size: number
}

interface Pieces {
  readonly pieces: readonly Piece[]
  readonly isPacked: boolean
}

export function unpackRecord({ data, subSequence }: Pick<ArrivedRecord, 'data' | 'subSequence'>): RecordEvents {
  const bytes = Buffer.from(data, 'base64')
  if (subSequence === null) return recordEvents(bytes)
  // Taken out of a packed record before: one event, whatever it looks like.
  return { bytes: bytes.length, events: [{ read: () => parseBytes(bytes), subSequence, data: () => data }] }
}

/** At most `RECORD_EVENTS_MAX`. What cannot be unpacked is one rejection, of the record as it arrived. */
export function recordEvents(bytes: Buffer): RecordEvents {
  const userRecords = kplUserRecords(bytes, RECORD_EVENTS_MAX)
  if (userRecords !== null && 'ok' in userRecords) return refused(bytes, userRecords)
  const payloads = userRecords ?? [bytes]
  if (payloads.length > RECORD_EVENTS_MAX) return refused(bytes, tooMany())
  const found: Piece[] = []
  let isPacked = userRecords !== null
  let unpackedBytes = 0
  let corrupt = 0
  for (const payload of payloads) {
    const inflated = inflate(payload, RECORD_BYTES_MAX - unpackedBytes)
    if (!inflated.ok) {
      if (userRecords === null || inflated === ZSTD_UNSUPPORTED || inflated.reason === 'too-large') {
        return refused(bytes, inflated, 1)
      }
      corrupt++
      if (corrupt > CORRUPT_MAX) return refused(bytes, { ...inflated, detail: 'too much of it is corrupt' }, corrupt)
      found.push({ read: () => inflated, bytes: () => payload, size: payload.length })
      continue
    }
    unpackedBytes += inflated.bytes.length
    const inside = piecesOf(inflated.bytes, unpackedBytes <= KEPT_BYTES_MAX)
    if (inside === null || found.length + inside.pieces.length > RECORD_EVENTS_MAX) return refused(bytes, tooMany())
    isPacked ||= inflated.wasCompressed || inside.isPacked
    if (isPacked && inside.pieces.some(isTooLargeAlone)) return refused(bytes, tooLargeAlone())
    for (const piece of inside.pieces) found.push(piece)
  }
  const weight = Math.max(unpackedBytes, bytes.length) + corrupt * RECORD_BYTES_MAX
  return { bytes: weight, events: found.map((piece, n) => toEvent(piece, isPacked, n)) }
}

function toEvent({ read, bytes }: Piece, isPacked: boolean, n: number): UnpackedEvent {
  return { read, subSequence: isPacked ? n : null, data: () => bytes().toString('base64') }
}

/** @param inflations how many payloads may have been inflated to the limit before it was known. */
function refused(
  bytes: Buffer,
  rejection: Rejection,
  inflations = rejection.reason === 'too-large' ? 1 : 0,
): RecordEvents {
  const weight = inflations === 0 ? bytes.length : inflations * RECORD_BYTES_MAX
  return { bytes: weight, events: [{ read: () => rejection, subSequence: null, data: () => bytes.toString('base64') }] }
}

function tooMany(): Rejection {
  return { ok: false, reason: 'too-large', detail: `more than ${RECORD_EVENTS_MAX} events in one record` }
}

function isTooLargeAlone({ read, size }: Piece): boolean {
  return size > ALONE_BYTES_MAX && !read().ok
}

function tooLargeAlone(): Rejection {
  return { ok: false, reason: 'too-large', detail: `an event in it is larger than ${ALONE_BYTES_MAX} bytes` }
}

/** Of an array its elements, else of one JSON text that, else of lines each; null where there are too many. */
function piecesOf(bytes: Buffer, isKept: boolean): Pieces | null {
  const text = decodeText(bytes)
  const elements = text === null ? null : elementTexts(text, RECORD_EVENTS_MAX)
  if (elements !== null && elements.length > RECORD_EVENTS_MAX) return null
  const list = elements === null ? null : readElements(elements, isKept)
  if (list !== null) return { pieces: list, isPacked: true }
  const parsed = parseText(text)
  const single = { pieces: [{ read: () => parsed, bytes: () => bytes, size: bytes.length }], isPacked: false }
  if (parsed.ok || !bytes.includes(NEWLINE) || isLongJson(text, parsed)) return single
  const lines = readLines(bytes)
  if (lines === null) return null
  return lines.some(isObject) ? { pieces: lines, isPacked: true } : single
}

/** Null where one is not JSON: then the whole was no array. */
function readElements(elements: readonly string[], isKept: boolean): Piece[] | null {
  const pieces: Piece[] = []
  for (const element of elements) {
    const parsed = parseEvent(element)
    if (!parsed.ok && parsed.reason === 'not-json') return null
    pieces.push(isKept ? piece(element, () => parsed) : unreadPiece(element))
  }
  return pieces
}

/** On its own, so that it does not keep the value that was parsed beside it. */
function unreadPiece(element: string): Piece {
  return piece(element, () => parseEvent(element))
}

function piece(element: string, read: Piece['read']): Piece {
  return { read, bytes: () => Buffer.from(element), size: element.length }
}

/** A single event that is too long would have line breaks too where it is indented. */
function isLongJson(text: string | null, { reason }: Rejection): boolean {
  if (text === null || reason !== 'too-large' || text.length > LONG_CHARACTERS_MAX) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Without the blank ones. Each is read alone, so that one with a broken character leaves the others as they are. */
function readLines(bytes: Buffer): Piece[] | null {
  const lines: Piece[] = []
  for (let at = afterBlanks(bytes, 0); at < bytes.length; at = afterBlanks(bytes, at)) {
    if (lines.length === RECORD_EVENTS_MAX) return null
    const newline = bytes.indexOf(NEWLINE, at)
    const line = bytes.subarray(at, newline === -1 ? bytes.length : newline)
    at += line.length
    lines.push({ read: () => parseBytes(line), bytes: () => line, size: line.length })
  }
  return lines
}

/** There may be millions: a blank line has to cost less than a line. */
function afterBlanks(bytes: Buffer, start: number): number {
  let at = start
  while (BLANKS.has(bytes[at])) at++
  return at
}

/** Text of which no line is an object is not a list of events but something else, better kept whole. */
function isObject({ read }: Piece): boolean {
  const parsed = read()
  return parsed.ok && typeof parsed.value === 'object' && parsed.value !== null && !Array.isArray(parsed.value)
}

function parseBytes(bytes: Buffer): Parsed | Rejection {
  return parseText(decodeText(bytes))
}

function parseText(text: string | null): Parsed | Rejection {
  return text === null ? { ok: false, reason: 'not-json', detail: 'not UTF-8' } : parseEvent(text)
}

function decodeText(bytes: Buffer): string | null {
  try {
    return utf8.decode(bytes)
  } catch {
    return null
  }
}
