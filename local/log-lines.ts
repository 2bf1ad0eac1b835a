// A log of events, one a line: bytes of a file or of standard input in, its lines without the blank ones out.

import { UserError } from './user-error.ts'

const NEWLINE = 0x0a
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/** Longer than any record of a stream can be; a file without line ends is no log, and would fill the memory. */
const LINE_BYTES_MAX = 64 * 1024 * 1024

/** As bytes, so that a line that is not UTF-8 arrives as it was sent. */
export async function* logLines(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = []
  let restBytes = 0
  let isFirst = true
  const line = (): Buffer => {
    const whole = Buffer.concat(rest)
    rest = []
    restBytes = 0
    const hasMark = isFirst && whole.subarray(0, 3).equals(BYTE_ORDER_MARK)
    isFirst = false
    return hasMark ? whole.subarray(3) : whole
  }
  for await (const chunk of input) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      rest.push(chunk.subarray(start, end))
      start = end + 1
      const found = line()
      if (!isBlank(found)) yield found
    }
    rest.push(chunk.subarray(start))
    restBytes += chunk.length - start
    if (restBytes > LINE_BYTES_MAX) throw new UserError(`a line of the log is longer than ${LINE_BYTES_MAX} bytes`)
  }
  const last = line()
  if (!isBlank(last)) yield last
}

const BLANKS = new Set(Buffer.from(' \t\r\v\f'))

function isBlank(line: Buffer): boolean {
  return line.every((byte) => BLANKS.has(byte))
}
