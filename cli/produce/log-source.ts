// Reads the log that `produce` sends: checks its lines, and knows which of them a request has
// covered.

import { createReadStream, type ReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import type { Format } from '../../functions/domain/events/formats/sent-events.ts'
import { numberedLogLines } from '../../local/replay/log-lines.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { UserError } from '../../terminal/user-error.ts'
import { checkLine } from './checked-lines.ts'
import type { ProduceCounts } from './produce-counts.ts'

export interface LogSource {
  /** As the user typed it; `-` for standard input. */
  readonly path: string
  /** In bytes; null for standard input or a pipe, which cannot be read twice. */
  readonly size: number | null
  open(): Readable
}

export async function logSource(path: string, terminal: Terminal): Promise<LogSource> {
  if (path === '-') return { path, size: null, open: terminal.stdin }
  const file = resolve(terminal.cwd, path)
  const found = await stat(file).catch(() => null)
  if (found === null) throw new UserError(`${path}: there is no such file`)
  if (found.isDirectory()) throw new UserError(`${path}: is a folder, expected a file`)
  return { path, size: found.isFile() ? found.size : null, open: () => createReadStream(file) }
}

/** The good lines of a log, and how far the log has been read. */
export interface GoodLines {
  readonly lines: AsyncIterable<Buffer>
  /** Takes the lines that were read since the last call, sent or left out. */
  takeRead(): Buffer[]
  /** Bytes of the file that were read so far, those of skipped lines too. */
  bytes(): number
}

/** @param skip the number of lines at the beginning to leave out. */
export function goodLines(source: LogSource, skip: number, counts: ProduceCounts, format: Format): GoodLines {
  let read: Buffer[] = []
  let skipped = 0
  let input: Readable | null = null
  async function* lines(): AsyncGenerator<Buffer> {
    input = source.open()
    try {
      for await (const { number, line } of numberedLogLines(input)) {
        if (skipped < skip) {
          skipped++
          continue
        }
        const checked = checkLine(line, Date.now(), format)
        counts.add(number, checked)
        yield* checked.sent.slice(0, -1)
        // A line is in the stream when the last of its records is.
        read.push(line)
        yield* checked.sent.slice(-1)
      }
    } finally {
      input.destroy()
    }
  }
  return {
    lines: lines(),
    // A packed log has fewer bytes than its lines.
    bytes: () => (input as Partial<ReadStream> | null)?.bytesRead ?? 0,
    takeRead: () => {
      const taken = read
      read = []
      return taken
    },
  }
}
