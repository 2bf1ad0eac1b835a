// Locks the folder of --data for this run, and checks that it holds the files of an earlier run.

import { closeSync, openSync, readFileSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../terminal/user-error.ts'
import { type LogPositions, logPositions } from '../replay/log-positions.ts'
import { isRunning } from './live-process.ts'

export interface DataFolder {
  readonly positions: LogPositions
  /** Lets another run use the folder. */
  release(): void
}

/**
 * Throws if another run uses the folder, or if one of a run's files in it is something else.
 *
 * @param folder null for a run that stores nothing.
 */
export function openDataFolder(folder: string | null): DataFolder {
  const release = folder === null ? () => {} : lock(folder)
  try {
    if (folder !== null) {
      checkIsFolder(join(folder, 'kinesis'))
      checkIsDatabase(join(folder, 'dynamodb.sqlite'))
    }
    return { positions: logPositions(folder), release }
  } catch (error) {
    release()
    throw error
  }
}

const LOCK_TRIES_MAX = 3

/** Takes over the lock of a process that was killed. Returns a function that unlocks the folder. */
function lock(folder: string): () => void {
  const path = join(folder, 'lock')
  for (let tries = 0; tries < LOCK_TRIES_MAX; tries++) {
    if (isWritten(path, folder)) return () => rmSync(path, { force: true })
    const holder = holderOf(path)
    if (holder !== null)
      throw new UserError(`another run uses ${folder} (process ${holder}; if that is something else, remove ${path})`)
    rmSync(path, { force: true })
  }
  throw new UserError(`another run uses ${folder}`)
}

/** Returns false if a lock exists. */
function isWritten(path: string, folder: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    throw new UserError(`--data ${folder}: cannot be written to (${code})`)
  }
}

/**
 * Returns the process that holds the lock, or null if it has ended. A process with this one's
 * number has ended too: every run in a container may have the same number.
 */
function holderOf(path: string): number | null {
  const pid = Number(readText(path))
  if (!Number.isInteger(pid) || pid < 1 || pid === process.pid) return null
  return isRunning(pid) ? pid : null
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function checkIsFolder(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found !== undefined && !found.isDirectory())
    throw new UserError(`${path} is not the folder that a run leaves there: give --data another folder`)
}

const SQLITE_HEADER = 'SQLite format 3\0'

/** SQLite creates its file empty, so an empty file is a database too. */
function checkIsDatabase(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined || (found.isFile() && found.size === 0)) return
  if (!found.isFile() || firstBytes(path, SQLITE_HEADER.length) !== SQLITE_HEADER)
    throw new UserError(`${path} is not the database that a run leaves there: give --data another folder`)
}

function firstBytes(path: string, length: number): string {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(length)
    return bytes.toString('latin1', 0, readSync(file, bytes))
  } finally {
    closeSync(file)
  }
}
