// A log of events, one a line: bytes of a file or of standard input in, its lines without the blank ones out.

const NEWLINE = 0x0a
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/** A longer line can never be an event; what is read of it is held no further. */
const LINE_BYTES_MAX = 16 * 1024 * 1024

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
    restBytes += chunk.length - start
    if (restBytes <= LINE_BYTES_MAX) rest.push(chunk.subarray(start))
  }
  const last = line()
  if (!isBlank(last)) yield last
}

function isBlank(line: Buffer): boolean {
  return line.length < 64 && line.toString('latin1').trim() === ''
}
