// Reads the log that `produce` sends, sorted or not, and knows which lines a request has covered.

import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { numberedLogLines } from '../../local/replay/log-lines.ts'
import { sortLines } from '../../local/replay/sorted-lines.ts'
import type { NumberedLine } from '../../local/replay/split-lines.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { UserError } from '../../terminal/user-error.ts'
import type { CheckedLine } from './checked-lines.ts'

export interface LogSource {
  /** As the user typed it; `-` for standard input. */
  readonly path: string
  /** In bytes; null for standard input or a pipe, which cannot be read twice. */
  readonly size: number | null
  readonly isSorted: boolean
  lines(): AsyncGenerator<NumberedLine>
  /** Bytes of the file that the latest reader has read. */
  bytes(): number
  /** Removes the temporary files of a sorted log. */
  close(): Promise<void>
}

export async function logSource(path: string, terminal: Terminal): Promise<LogSource> {
  if (path === '-') return sourceOf(path, null, terminal.stdin)
  const file = resolve(terminal.cwd, path)
  const found = await stat(file).catch(() => null)
  if (found === null) throw new UserError(`${path}: there is no such file`)
  if (found.isDirectory()) throw new UserError(`${path}: is a folder, expected a file`)
  return sourceOf(path, found.isFile() ? found.size : null, () => createReadStream(file))
}

function sourceOf(path: string, size: number | null, open: () => Readable): LogSource {
  let bytes = 0
  return {
    path,
    size,
    isSorted: false,
    bytes: () => bytes,
    close: async () => {},
    lines: async function* () {
      const input = open()
      bytes = 0
      // A packed log has fewer bytes than its lines.
      const chunks = async function* (): AsyncGenerator<Buffer> {
        for await (const chunk of input) {
          bytes += (chunk as Buffer).length
          yield chunk
        }
      }
      try {
        yield* numberedLogLines(chunks())
      } finally {
        input.destroy()
      }
    },
  }
}

/** Sorts the lines of a log by time. */
export async function sortedSource(source: LogSource): Promise<LogSource> {
  const sorted = await sortLines(source.lines())
  return { ...source, isSorted: true, lines: sorted.lines, close: sorted.remove }
}

/**
 * Names a log in what is remembered of its sent lines. In the order of time its lines are others.
 *
 * @param path absolute, so that the name is one however the user typed it; or `-`.
 */
export function logName(path: string, { size, isSorted }: LogSource): string {
  return isSorted && size !== null ? `${path} in the order of time` : path
}

/** The records to send of a log, and how far the log has been read. */
export interface GoodLines {
  readonly lines: AsyncIterable<Buffer>
  /** Takes the lines that were read since the last call, sent or left out. */
  takeRead(): Buffer[]
}

/** @param skip the number of lines at the beginning to leave out. */
export function goodLines(source: LogSource, skip: number, check: (line: NumberedLine) => CheckedLine): GoodLines {
  let read: Buffer[] = []
  let skipped = 0
  async function* lines(): AsyncGenerator<Buffer> {
    for await (const found of source.lines()) {
      if (skipped < skip) {
        skipped++
        continue
      }
      const { sent } = check(found)
      yield* sent.slice(0, -1)
      // A line is in the stream when the last of its records is.
      read.push(found.line)
      yield* sent.slice(-1)
    }
  }
  return {
    lines: lines(),
    takeRead: () => {
      const taken = read
      read = []
      return taken
    },
  }
}
