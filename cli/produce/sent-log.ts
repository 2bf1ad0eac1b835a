// What of a file is in a stream already: the file and the stream in; how many of its lines, remembered beside the work, out.

import { createHash, type Hash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { logLines } from '../../local/replay/log-lines.ts'
import { makeRunningFolder, STATE_FOLDER } from '../../local/run/running-pipeline.ts'

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

export const SENT_FOLDER = join(STATE_FOLDER, 'produced')
/** Logs that are remembered; the one that was sent longest ago goes first. */
const LOGS_MAX = 200

/** @param streamId see `Target`. */
export async function openSentLog(file: string, cwd: string, streamId: string, isAgain: boolean): Promise<SentLog> {
  const path = resolve(cwd, file)
  const folder = join(cwd, SENT_FOLDER)
  const name = `${streamId} ${path}`
  const before = isAgain ? null : await readPart(join(folder, fileName(name)))
  const hash = before === null ? null : await hashOf(path, before)
  let part = hash === null ? { lines: 0, bytes: 0 } : { lines: before?.lines ?? 0, bytes: before?.bytes ?? 0 }
  const latest = hash ?? createHash('sha256')
  await makeRunningFolder(join(cwd, STATE_FOLDER))
  await mkdir(folder, { recursive: true })
  await forgetOldest(folder)
  return {
    skip: part.lines,
    isOther: before !== null && hash === null,
    record: async (lines) => {
      for (const line of lines) latest.update(line).update('\n')
      const bytes = lines.reduce((sum, line) => sum + line.length + 1, part.bytes)
      part = { lines: part.lines + lines.length, bytes }
      await writePart(join(folder, fileName(name)), name, { ...part, digest: latest.copy().digest('hex') })
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

/** Of its own for each log and stream: what is sent at the same time does not forget each other. */
function fileName(name: string): string {
  return `${createHash('sha256').update(name).digest('hex').slice(0, 32)}.json`
}

async function readPart(path: string): Promise<SentPart | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as SentPart
  } catch {
    // None yet, or broken: sending all again is harmless for events with an id and a time.
    return null
  }
}

async function writePart(path: string, name: string, part: SentPart): Promise<void> {
  // Written beside and moved, so that a kill in between leaves the old one.
  const beside = `${path}.${randomUUID()}`
  await writeFile(beside, JSON.stringify({ log: name, ...part }))
  await rename(beside, path)
}

async function forgetOldest(folder: string): Promise<void> {
  const names = await readdir(folder)
  if (names.length <= LOGS_MAX) return
  const files = await Promise.all(
    names.map(async (name) => ({ name, atMs: (await stat(join(folder, name)).catch(() => null))?.mtimeMs ?? 0 })),
  )
  const oldest = files.sort((a, b) => b.atMs - a.atMs).slice(LOGS_MAX)
  for (const { name } of oldest) await rm(join(folder, name), { force: true })
}
