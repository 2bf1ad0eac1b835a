// Splits a log of events into its lines, one event each, and leaves out blank ones. Unpacks a log
// that gzip packed.

import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { UserError } from '../../terminal/user-error.ts'

const NEWLINE = 0x0a
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/** No record is as large. A file without line ends is no log, and would fill the memory. */
const LINE_BYTES_MAX = 64 * 1024 * 1024

export interface NumberedLine {
  /** The line's number in the file, from 1. Blank lines count. */
  readonly number: number
  readonly line: Buffer
}

export async function* logLines(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const { line } of numberedLogLines(input)) yield line
}

/** Yields bytes, so that ingest gets a line as it is even if it is not UTF-8. */
export async function* numberedLogLines(input: AsyncIterable<Buffer>): AsyncGenerator<NumberedLine> {
  let rest: Buffer[] = []
  let restBytes = 0
  let number = 0
  let isFirst = true
  const endLine = (): NumberedLine => {
    const whole = Buffer.concat(rest)
    rest = []
    restBytes = 0
    number++
    const hasByteOrderMark = number === 1 && whole.subarray(0, 3).equals(BYTE_ORDER_MARK)
    return { number, line: hasByteOrderMark ? whole.subarray(3) : whole }
  }
  const checked = (found: NumberedLine): NumberedLine => {
    if (isFirst) checkFirstLine(found.line)
    isFirst = false
    return found
  }
  for await (const chunk of unpacked(input)) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      rest.push(chunk.subarray(start, end))
      start = end + 1
      const found = endLine()
      if (!isBlank(found.line)) yield checked(found)
    }
    rest.push(chunk.subarray(start))
    restBytes += chunk.length - start
    if (restBytes > LINE_BYTES_MAX) throw new UserError(`a line of the log is longer than ${LINE_BYTES_MAX} bytes`)
  }
  const last = endLine()
  if (!isBlank(last.line)) yield checked(last)
}

const BLANKS = new Set(Buffer.from(' \t\r\v\f'))

function isBlank(line: Buffer): boolean {
  return line.every((byte) => BLANKS.has(byte))
}

/** The first line of an array that is written over several lines. */
const ARRAY_START = /^\s*\[(.*,)?\s*$/
/** A longer line is no such beginning. */
const START_BYTES_MAX = 64 * 1024

/** Throws if the first line only begins an array: then hardly any line is an event. */
function checkFirstLine(line: Buffer): void {
  if (line.length > START_BYTES_MAX || !ARRAY_START.test(line.toString('utf8'))) return
  throw new UserError(
    "the log is an array over several lines, expected one JSON object a line: convert it with jq -c '.[]' FILE",
  )
}

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b])

/** Yields the bytes of a log. Unpacks them if they begin as gzip does, whatever the file's name. */
async function* unpacked(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const chunks = input[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  while (head.length < GZIP_MAGIC.length) {
    const { done, value } = await chunks.next()
    if (done) break
    head = Buffer.concat([head, value])
  }
  const whole = prepended(head, { [Symbol.asyncIterator]: () => chunks })
  if (!head.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC)) return yield* whole
  // Without a callback, pipeline would throw the error where no caller can catch it.
  const gunzip = pipeline(Readable.from(whole), createGunzip(), () => {})
  try {
    yield* gunzip as AsyncIterable<Buffer>
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('Z_') !== true) throw error
    throw new UserError(`the log is packed with gzip and damaged (${(error as Error).message})`)
  }
}

async function* prepended(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head
  yield* rest
}
