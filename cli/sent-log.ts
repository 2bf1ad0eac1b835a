// What of a file is in a stream already: the file and the stream in; how many of its lines, remembered beside the work, out.

import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { KEPT_FOLDER, makeKeptFolder } from '../local/kept-run.ts'
import { logLines } from '../local/log-lines.ts'

export interface SentLog {
  /** Lines at the beginning of the file that are in the stream: all of these, and a few more where a run was killed. */
  readonly skip: number
  /** True where something was sent under this name that the file does not begin with any more. */
  readonly isOther: boolean
  /** These lines come next in the file, and are in the stream now. */
  record(lines: readonly Buffer[]): Promise<void>
}

interface SentPart {
  readonly lines: number
  /** Of those lines, with their ends. */
  readonly bytes: number
  readonly digest: string
}

export const SENT_PATH = join(KEPT_FOLDER, 'produce.json')
/** Logs that are remembered; the one that was sent longest ago goes first. */
const LOGS_MAX = 200

/** @param streamId see `Target`. */
export async function openSentLog(path: string, streamId: string, isAgain: boolean): Promise<SentLog> {
  const name = `${streamId} ${resolve(path)}`
  const stored = await readParts()
  const before = isAgain ? undefined : stored.get(name)
  const hash = before === undefined ? null : await hashOf(path, before)
  let part = hash === null ? { lines: 0, bytes: 0 } : { lines: before?.lines ?? 0, bytes: before?.bytes ?? 0 }
  const latest = hash ?? createHash('sha256')
  return {
    skip: part.lines,
    isOther: before !== undefined && hash === null,
    record: async (lines) => {
      for (const line of lines) latest.update(line).update('\n')
      const bytes = lines.reduce((sum, line) => sum + line.length + 1, part.bytes)
      part = { lines: part.lines + lines.length, bytes }
      // The latest is the last, so that the first is the oldest.
      stored.delete(name)
      stored.set(name, { ...part, digest: latest.copy().digest('hex') })
      await writeParts(stored)
    },
  }
}

/** The digest of the lines that were sent, to be gone on with; null where the file does not begin with them. */
async function hashOf(path: string, { lines, bytes, digest }: SentPart): Promise<Hash | null> {
  // Line ends of two characters and blank lines only make a file longer; its last line may have no end.
  if ((await stat(path)).size < bytes - 1) return null
  const hash = createHash('sha256')
  let hashed = 0
  const input = createReadStream(path)
  for await (const line of logLines(input)) {
    if (hashed === lines) break
    hash.update(line).update('\n')
    hashed++
  }
  input.destroy()
  return hashed === lines && hash.copy().digest('hex') === digest ? hash : null
}

async function readParts(): Promise<Map<string, SentPart>> {
  try {
    return new Map(Object.entries(JSON.parse(await readFile(SENT_PATH, 'utf8')) as Record<string, SentPart>))
  } catch {
    // None yet, or broken: sending all again is harmless for events with an id and a time.
    return new Map()
  }
}

async function writeParts(parts: Map<string, SentPart>): Promise<void> {
  const kept = [...parts].slice(-LOGS_MAX)
  await makeKeptFolder(dirname(SENT_PATH))
  // Written beside and moved, so that a kill in between leaves the old one.
  await writeFile(`${SENT_PATH}.new`, JSON.stringify(Object.fromEntries(kept)))
  await rename(`${SENT_PATH}.new`, SENT_PATH)
}
