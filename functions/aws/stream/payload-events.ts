// Splits a payload, already inflated, into the texts of its events.

import { type Parsed, parseEvent, type Rejection } from '../../domain/events/decode.ts'
import { elementTexts } from '../../domain/events/json-array.ts'

/** A megabyte of events of 100 bytes, which is shorter than most events are. */
export const RECORD_EVENTS_MAX = 10_000

/** Longer texts are not parsed, because parsing them takes too much memory. */
const LONG_CHARACTERS_MAX = 2 * 1024 * 1024

const NEWLINE = 0x0a
const BLANKS: ReadonlySet<number | undefined> = new Set(Buffer.from(' \t\r\n'))

/** Leaves out a byte order mark. */
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The JSON of one event, which need not be valid. */
export interface EventText {
  readonly read: () => Parsed | Rejection
  /** The bytes that send the event alone. */
  readonly bytes: () => Buffer
  /** About how many bytes. */
  readonly size: number
}

export interface PayloadEvents {
  readonly events: readonly EventText[]
  /** False where the payload is a single event, as it arrived. */
  readonly isPacked: boolean
}

/**
 * Splits the payload by the first of these that fits. Returns null for more than
 * `RECORD_EVENTS_MAX` events.
 *
 *     [{...},{...}]           a JSON array of JSON values: one event for each element
 *     {...}                   one JSON text: one event
 *     {...}\n{...}\n          lines, one of them an object: one event for each line with text
 *     anything else           one event, which is no JSON
 *
 * @param retainsValues whether to retain the parsed elements of an array. They take up to twenty
 * times the memory of their texts; without them, `read` parses an element again.
 */
export function payloadEvents(bytes: Buffer, retainsValues: boolean): PayloadEvents | null {
  const text = decodeText(bytes)
  const elements = text === null ? null : elementTexts(text, RECORD_EVENTS_MAX)
  if (elements !== null && elements.length > RECORD_EVENTS_MAX) return null
  const list = elements === null ? null : readElements(elements, retainsValues)
  if (list !== null) return { events: list, isPacked: true }
  const parsed = parseText(text)
  const single = { events: [{ read: () => parsed, bytes: () => bytes, size: bytes.length }], isPacked: false }
  if (parsed.ok || !bytes.includes(NEWLINE) || isLongJson(text, parsed)) return single
  const lines = readLines(bytes)
  if (lines === null) return null
  return lines.some(isObject) ? { events: lines, isPacked: true } : single
}

/** Returns null where an element is no JSON: the payload is no array then. */
function readElements(elements: readonly string[], retainsValues: boolean): EventText[] | null {
  const events: EventText[] = []
  for (const element of elements) {
    const parsed = parseEvent(element)
    if (!parsed.ok && parsed.reason === 'not-json') return null
    events.push(retainsValues ? eventText(element, () => parsed) : unparsedText(element))
  }
  return events
}

/**
 * Is a function of its own so that its closure does not retain the value that was parsed beside it.
 */
function unparsedText(element: string): EventText {
  return eventText(element, () => parseEvent(element))
}

function eventText(element: string, read: EventText['read']): EventText {
  return { read, bytes: () => Buffer.from(element), size: element.length }
}

/**
 * Recognizes a single event that is too long. Indented, it has line breaks as a list of events has.
 */
function isLongJson(text: string | null, { reason }: Rejection): boolean {
  if (text === null || reason !== 'too-large' || text.length > LONG_CHARACTERS_MAX) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/**
 * Decodes each line alone, so that a line with a malformed character leaves the others readable.
 */
function readLines(bytes: Buffer): EventText[] | null {
  const lines: EventText[] = []
  for (let at = afterBlanks(bytes, 0); at < bytes.length; at = afterBlanks(bytes, at)) {
    if (lines.length === RECORD_EVENTS_MAX) return null
    const newline = bytes.indexOf(NEWLINE, at)
    const line = bytes.subarray(at, newline === -1 ? bytes.length : newline)
    at += line.length
    lines.push({ read: () => parseBytes(line), bytes: () => line, size: line.length })
  }
  return lines
}

/** Skips blank lines cheaply, since a payload may hold millions of them. */
function afterBlanks(bytes: Buffer, start: number): number {
  let at = start
  while (BLANKS.has(bytes[at])) at++
  return at
}

/**
 * A text without any line that is an object is no list of events. It becomes one dead letter,
 * whole.
 */
function isObject({ read }: EventText): boolean {
  const parsed = read()
  return parsed.ok && typeof parsed.value === 'object' && parsed.value !== null && !Array.isArray(parsed.value)
}

export function parseBytes(bytes: Buffer): Parsed | Rejection {
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
