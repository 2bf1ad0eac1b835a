// The folder of --data: its path in, locked for this run and found to hold what runs leave there out.

import { closeSync, openSync, readFileSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../terminal/user-error.ts'

export interface HeldFolder {
  release(): void
}

/** Throws where another run has it, or where something else stands in the place of what a run keeps. */
export function holdDataFolder(folder: string): HeldFolder {
  const held = lock(folder)
  try {
    checkIsFolder(join(folder, 'kinesis'))
    checkIsDatabase(join(folder, 'dynamodb.sqlite'))
    return held
  } catch (error) {
    held.release()
    throw error
  }
}

const LOCK_TRIES_MAX = 3

/** A process that was killed leaves its lock: who comes next takes it over. */
function lock(folder: string): HeldFolder {
  const path = join(folder, 'lock')
  for (let tries = 0; tries < LOCK_TRIES_MAX; tries++) {
    if (isWritten(path, folder)) return { release: () => rmSync(path, { force: true }) }
    const holder = holderOf(path)
    if (holder !== null)
      throw new UserError(`another run uses ${folder} (process ${holder}; if that is something else, remove ${path})`)
    rmSync(path, { force: true })
  }
  throw new UserError(`another run uses ${folder}`)
}

/** False where there is a lock already. */
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
 * The process that holds the lock; null where it is dead. One with the number of this process is dead too: in a
 * container every run has the same.
 */
function holderOf(path: string): number | null {
  const pid = Number(readText(path))
  if (!Number.isInteger(pid) || pid < 1 || pid === process.pid) return null
  try {
    process.kill(pid, 0)
    return pid
  } catch (error) {
    // It lives, and is somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? pid : null
  }
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

const SQLITE_MARK = 'SQLite format 3\0'

/** An empty one is a database without anything yet. */
function checkIsDatabase(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined || (found.isFile() && found.size === 0)) return
  if (!found.isFile() || firstBytes(path, SQLITE_MARK.length) !== SQLITE_MARK)
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
