// Splits a log of events, one a line, into its lines without the blank ones.

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
  const endLine = (): NumberedLine => {
    const whole = Buffer.concat(rest)
    rest = []
    restBytes = 0
    number++
    const hasByteOrderMark = number === 1 && whole.subarray(0, 3).equals(BYTE_ORDER_MARK)
    return { number, line: hasByteOrderMark ? whole.subarray(3) : whole }
  }
  for await (const chunk of input) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      rest.push(chunk.subarray(start, end))
      start = end + 1
      const found = endLine()
      if (!isBlank(found.line)) yield found
    }
    rest.push(chunk.subarray(start))
    restBytes += chunk.length - start
    if (restBytes > LINE_BYTES_MAX) throw new UserError(`a line of the log is longer than ${LINE_BYTES_MAX} bytes`)
  }
  const last = endLine()
  if (!isBlank(last.line)) yield last
}

const BLANKS = new Set(Buffer.from(' \t\r\v\f'))

function isBlank(line: Buffer): boolean {
  return line.every((byte) => BLANKS.has(byte))
}
