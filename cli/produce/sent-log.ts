// Remembers which lines of a file `produce` has sent to a stream, so that the next run continues
// after them.

import { createHash } from 'node:crypto'
import { access, constants, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isSentLines, linesDigest, replaceFile, resumedDigest, type SentLines } from '../../local/replay/sent-lines.ts'
import { makeRunningFolder, STATE_FOLDER } from '../../local/run/running-pipeline.ts'
import { fileErrorText } from '../../terminal/user-error.ts'

export interface SentLog {
  /**
   * Lines at the beginning of the file that are in the stream. After a kill there may be a few
   * more.
   */
  readonly skip: number
  /** True if lines were sent from a file of this name that began otherwise. */
  readonly isOther: boolean
  /** Records that these lines, the next of the file, are in the stream. Never throws. */
  record(lines: readonly Buffer[]): void
  /** Why the lines are not recorded; null as long as they are. */
  failure(): string | null
}

/**
 * Below the folder that the command runs in. Each pair of a file and a stream has its own record.
 */
export const SENT_FOLDER = join(STATE_FOLDER, 'produced')
/** The command removes the records that were written longest ago. */
const RECORDS_MAX = 200

/**
 * @param file its absolute path, which names its record.
 * @param lines reads the file from its beginning.
 * @param cwd the folder that the command runs in.
 * @param streamId see `Target`.
 * @param isAgain true to send the whole file once more.
 */
export async function openSentLog(
  file: string,
  lines: () => AsyncIterable<Buffer>,
  cwd: string,
  streamId: string,
  isAgain: boolean,
): Promise<SentLog> {
  const log = `${streamId} ${file}`
  const path = join(cwd, SENT_FOLDER, `${createHash('sha256').update(log).digest('hex').slice(0, 32)}.json`)
  const before = isAgain ? null : await readRecord(path)
  const resumed = before === null ? null : await resumedDigest(lines(), before)
  const digest = resumed ?? linesDigest()
  let failure: string | null = null
  const recorded = async (write: () => unknown): Promise<void> => {
    try {
      if (failure === null) await write()
    } catch (error) {
      failure = fileErrorText(error, path)
    }
  }
  await recorded(() => makeSentFolder(cwd))
  return {
    skip: digest.sent().lines,
    isOther: before !== null && resumed === null,
    record: (lines) => {
      for (const line of lines) digest.add(line)
      recorded(() => replaceFile(path, { log, ...digest.sent() }))
    },
    failure: () => failure,
  }
}

/** Throws where the folder cannot be written to. */
async function makeSentFolder(cwd: string): Promise<void> {
  const folder = join(cwd, SENT_FOLDER)
  await makeRunningFolder(join(cwd, STATE_FOLDER))
  await mkdir(folder, { recursive: true })
  await access(folder, constants.W_OK)
  await removeOldest(folder)
}

/**
 * Returns null without a record or with a broken one, and then the command sends the file from its
 * beginning.
 */
async function readRecord(path: string): Promise<SentLines | null> {
  try {
    const record: unknown = JSON.parse(await readFile(path, 'utf8'))
    return isSentLines(record) ? record : null
  } catch {
    return null
  }
}

async function removeOldest(folder: string): Promise<void> {
  const names = await readdir(folder)
  if (names.length <= RECORDS_MAX) return
  const records = await Promise.all(
    names.map(async (name) => ({ name, atMs: (await stat(join(folder, name)).catch(() => null))?.mtimeMs ?? 0 })),
  )
  const oldest = records.sort((a, b) => b.atMs - a.atMs).slice(RECORDS_MAX)
  for (const { name } of oldest) await rm(join(folder, name), { force: true })
}
