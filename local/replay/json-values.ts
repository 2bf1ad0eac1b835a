// Splits a text of JSON values into lines of one value each, wherever its line breaks are.

import { UserError } from '../../terminal/user-error.ts'
import { heldArray } from './held-array.ts'
import { LINE_BYTES_MAX, type NumberedLine } from './split-lines.ts'
import { valueScanner } from './value-scanner.ts'

const NEWLINE = 0x0a

export interface ValueSplitter {
  /** Returns the values that end in the chunk. */
  push(chunk: Buffer): NumberedLine[]
  /** Returns what is left at the end of the text. */
  end(): NumberedLine[]
}

export async function* splitValues(chunks: AsyncIterable<Buffer>): AsyncGenerator<NumberedLine> {
  const splitter = valueSplitter(1)
  for await (const chunk of chunks) yield* splitter.push(chunk)
  yield* splitter.end()
}

/**
 * Splits values that follow one another with or without commas and line breaks, and the elements of
 * arrays. It yields a damaged value too, so that ingest rejects it.
 *
 *     {...}{...}\n{...}    three values
 *     [{...},\n {...}]     one array, or its two elements: see `heldArray`
 *
 * @param firstLine the number of the line in which the text begins.
 */
export function valueSplitter(firstLine: number): ValueSplitter {
  const scanner = valueScanner()
  const array = heldArray()
  let lineNumber = firstLine
  let valueNumber = firstLine
  /** The bytes of the current value in earlier chunks. */
  let parts: Buffer[] = []
  let partBytes = 0

  const addValue = (end: Buffer): readonly NumberedLine[] => {
    const line = Buffer.concat([...parts, end])
    parts = []
    partBytes = 0
    return array.add({ number: valueNumber, line })
  }
  const push = (chunk: Buffer): NumberedLine[] => {
    const found: NumberedLine[] = []
    let start = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number
      const boundary = scanner.read(byte, array.isOpen())
      if (boundary === 'begins' || boundary === 'alone') {
        start = at
        valueNumber = lineNumber
      } else if (boundary === 'opens-array') array.open(lineNumber)
      else if (boundary === 'closes-array') found.push(...array.close())
      if (boundary === 'ends-after' || boundary === 'alone') found.push(...addValue(chunk.subarray(start, at + 1)))
      else if (boundary === 'ends-before' || boundary === 'ends-before-bracket')
        found.push(...addValue(chunk.subarray(start, at)))
      if (byte === NEWLINE) lineNumber++
      if (boundary === 'ends-before-bracket') at--
    }
    if (scanner.isInValue()) {
      parts.push(chunk.subarray(start))
      partBytes += chunk.length - start
      if (partBytes > LINE_BYTES_MAX)
        throw new UserError(`line ${valueNumber} of the log: the JSON value has no end within ${LINE_BYTES_MAX} bytes`)
    }
    return found
  }
  return { push, end: () => [...(parts.length === 0 ? [] : addValue(Buffer.alloc(0))), ...array.release()] }
}
