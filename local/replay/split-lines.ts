// Splits bytes at line ends, and leaves out blank lines.

import { UserError } from '../../terminal/user-error.ts'

const NEWLINE = 0x0a

/** No record is as large. A file without line ends is no log, and would fill the memory. */
export const LINE_BYTES_MAX = 64 * 1024 * 1024

/** A part of a log that becomes one record of the stream: an event, or an array of events. */
export interface NumberedLine {
  /** The number of the line in the file in which it begins, from 1. Blank lines count. */
  readonly number: number
  readonly line: Buffer
}

/** Yields bytes, so that ingest gets a line as it is even if it is not UTF-8. */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<NumberedLine> {
  let rest: Buffer[] = []
  let restBytes = 0
  let number = 0
  const endLine = (): NumberedLine => {
    const line = Buffer.concat(rest)
    rest = []
    restBytes = 0
    number++
    return { number, line }
  }
  for await (const chunk of chunks) {
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
