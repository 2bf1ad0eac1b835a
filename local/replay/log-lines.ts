// Reads a log as people have it, in JSON of any form or in CSV, and yields a line for each record
// of the stream.

import { UserError } from '../../terminal/user-error.ts'
import { csvDelimiter, csvLines } from './csv-lines.ts'
import { isJson } from './held-array.ts'
import { splitValues, valueSplitter } from './json-values.ts'
import { logBytes, recognized } from './log-bytes.ts'
import { type NumberedLine, splitLines } from './split-lines.ts'

/** How the events of a log are separated. */
type Form =
  | { readonly name: 'lines' | 'values' }
  | { readonly name: 'csv'; readonly header: string; readonly delimiter: string }

/** The form shows in the beginning. */
const HEAD_BYTES_MAX = 1024 * 1024
const HEAD_LINES_MAX = 20

/** No shorter array holds more events than a batch: the shortest event has 27 bytes. */
const LONG_ARRAY_BYTES = 12 * 1024
const [ARRAY_START] = Buffer.from('[')

export async function* logLines(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const { line } of numberedLogLines(input)) yield line
}

/** Throws a UserError for a format that it cannot read. */
export async function* numberedLogLines(input: AsyncIterable<Buffer>): AsyncGenerator<NumberedLine> {
  const { found: form, whole } = await recognized(logBytes(input), formOf)
  if (form.name === 'values') yield* splitValues(whole)
  else if (form.name === 'csv') yield* csvLines(whole, form.header, form.delimiter)
  else for await (const line of splitLines(whole)) yield* isLongArray(line) ? arrayElements(line) : [line]
}

function isLongArray({ line }: NumberedLine): boolean {
  return line.length > LONG_ARRAY_BYTES && line[0] === ARRAY_START
}

function arrayElements({ number, line }: NumberedLine): readonly NumberedLine[] {
  const splitter = valueSplitter(number)
  return [...splitter.push(line), ...splitter.end()]
}

/**
 * Recognizes the form by the first lines. Returns null where it needs more bytes. Throws a
 * UserError for a text that is neither JSON nor CSV: each of its lines would be a dead letter.
 */
function formOf(head: Buffer, isEnd: boolean): Form | null {
  const isWhole = isEnd || head.length >= HEAD_BYTES_MAX
  const lines = completeLines(head, isEnd)
  const [first, second] = lines
  if (first === undefined) return isWhole ? { name: 'values' } : null
  if (isJson(first)) return { name: 'lines' }
  if (first.startsWith('[') || first.startsWith('\x1e')) return { name: 'values' }
  if (first.startsWith('{')) {
    if (second === undefined) return isWhole ? { name: 'values' } : null
    if (isJson(first.replace(/,$/, ''))) return { name: 'values' }
    // A first line that lost its end must not spoil the others.
    if (isJson(second)) return { name: 'lines' }
    if (!isWhole && lines.length < HEAD_LINES_MAX) return null
    if (isOtherNotation(head)) throw unreadable(first)
    return { name: 'values' }
  }
  const delimiter = csvDelimiter(first)
  if (delimiter !== null) return { name: 'csv', header: first, delimiter }
  if (lines.some(isJson)) return { name: 'lines' }
  if (!isWhole && lines.length < HEAD_LINES_MAX) return null
  throw unreadable(first)
}

/** Whether all values are in braces, several and none of them JSON, as in a log of Python. */
function isOtherNotation(head: Buffer): boolean {
  const values = valueSplitter(1).push(head)
  return values.length > 1 && !values.some(({ line }) => isJson(line.toString('utf8')))
}

function unreadable(first: string): UserError {
  const printable = first.replace(/\p{Cc}+/gu, ' ')
  const shown = printable.length > 60 ? `${printable.slice(0, 60)}...` : printable
  return new UserError(
    `the log is neither JSON nor CSV: it begins with '${shown}', expected one JSON object a line or CSV with a header`,
  )
}

/** The lines with text that the head holds completely. */
function completeLines(head: Buffer, isEnd: boolean): readonly string[] {
  const lines = head.toString('utf8').split('\n', HEAD_LINES_MAX * 2)
  const isLastComplete = isEnd || lines.length === HEAD_LINES_MAX * 2
  return (isLastComplete ? lines : lines.slice(0, -1)).map((line) => line.trim()).filter((line) => line !== '')
}
