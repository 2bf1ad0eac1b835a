// Records how many lines of a log are in a stream, and recognizes the log by a digest of those
// lines.

import { createHash } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'

/** The lines at the beginning of a log that are in the stream. */
export interface SentLines {
  readonly lines: number
  /** SHA-256 of these lines, each followed by one line feed. */
  readonly digest: string
}

export interface LinesDigest {
  add(line: Buffer): void
  /** The lines that were added so far. */
  sent(): SentLines
}

export function linesDigest(): LinesDigest {
  const hash = createHash('sha256')
  let lines = 0
  return {
    add: (line) => {
      hash.update(line).update('\n')
      lines++
    },
    sent: () => ({ lines, digest: hash.copy().digest('hex') }),
  }
}

/**
 * Reads as many lines as were sent. Returns their digest, to which the next lines can be added, or
 * null if the log begins with other lines.
 */
export async function resumedDigest(
  log: AsyncIterable<Buffer>,
  { lines, digest }: SentLines,
): Promise<LinesDigest | null> {
  const resumed = linesDigest()
  let count = 0
  for await (const line of log) {
    if (count === lines) break
    resumed.add(line)
    count++
  }
  return count === lines && resumed.sent().digest === digest ? resumed : null
}

export function isSentLines(value: unknown): value is SentLines {
  if (typeof value !== 'object' || value === null) return false
  const { lines, digest } = value as Partial<SentLines>
  return Number.isSafeInteger(lines) && (lines as number) >= 0 && typeof digest === 'string'
}

/** Replaces a file in one step: a process that is killed meanwhile leaves the old content. */
export function replaceFile(path: string, content: object): void {
  const beside = `${path}.${process.pid}.new`
  writeFileSync(beside, JSON.stringify(content))
  renameSync(beside, path)
}
