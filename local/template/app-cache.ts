// Stores synthesized apps in the user's folder for caches, for later runs and for runs at the same
// time.

import {
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { HOUR_MS } from '../../functions/domain/durations.ts'
import { filesDigest } from './files-digest.ts'

/** An app takes about 3 MB. The apps that were used longest ago are removed. */
const APPS_MAX = 16
const BYTES_MAX = 100 * 1024 * 1024
/** A process that was killed leaves an unfinished app. No other takes so long to finish one. */
const UNFINISHED_MS_MAX = HOUR_MS

/** The name is a digest of what the app is made of. */
const STORED_NAME = /^[0-9a-f]{32}$/
const UNFINISHED_NAME = /^[0-9a-f]{32}\.\w+$/
/** Holds a digest of the other files of the app. */
const SEAL_FILE = 'sealed.txt'
/** The bits of a folder's mode that let its group or others write. */
const WRITABLE_BY_OTHERS = 0o022

/**
 * Makes the folder of the cache. Returns null where there is none to write to, such as for a user
 * without a home.
 */
export function appsFolder(env: NodeJS.ProcessEnv, platform = process.platform): string | null {
  const caches = cachesFolder(env, platform)
  if (caches === null) return null
  const folder = join(caches, 'search-session-ctr', 'apps')
  // Node's recursive mkdir never ends below a parent that takes no folders, such as /proc.
  for (const path of [caches, dirname(folder), folder]) {
    try {
      mkdirSync(path, { mode: 0o700 })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return null
    }
  }
  return isOwn(dirname(folder)) && isOwn(folder) ? folder : null
}

/** A run executes what it takes from the cache, so no other user may write to it. */
function isOwn(folder: string): boolean {
  try {
    const found = lstatSync(folder)
    if (!found.isDirectory()) return false
    return process.getuid === undefined || (found.uid === process.getuid() && (found.mode & WRITABLE_BY_OTHERS) === 0)
  } catch {
    return false
  }
}

function cachesFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string | null {
  const { XDG_CACHE_HOME: given = '', LOCALAPPDATA: local } = env
  // The specification of XDG_CACHE_HOME ignores a relative path.
  if (isAbsolute(given)) return given
  if (platform === 'win32' && local !== undefined) return local
  try {
    return join(env.HOME || homedir(), platform === 'darwin' ? 'Library/Caches' : '.cache')
  } catch {
    return null
  }
}

/**
 * Copies a stored app to the folder, so that no other process can change or remove it. Returns
 * false if there is no whole app of this name.
 *
 * @param apps see `appsFolder`.
 */
export function takeApp(apps: string, name: string, folder: string): boolean {
  const stored = join(apps, name)
  try {
    cpSync(stored, folder, { recursive: true })
  } catch {
    // It is absent, or another process removed it meanwhile.
  }
  if (!isWhole(folder)) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { mode: 0o700 })
    removeQuietly(stored)
    return false
  }
  try {
    const now = new Date()
    utimesSync(stored, now, now)
  } catch {
    // The cache can only be read, so nothing is removed from it either.
  }
  return true
}

/** Returns a new folder for an app, or null where the cache cannot be written to. */
export function beginApp(apps: string, name: string): string | null {
  try {
    return mkdtempSync(join(apps, `${name}.`))
  } catch {
    return null
  }
}

/** Stores the app that is complete in the folder of `beginApp`, and removes the oldest apps. */
export function finishApp(folder: string, nowMs: number): void {
  writeFileSync(join(folder, SEAL_FILE), sealOf(folder))
  const apps = dirname(folder)
  const [name = ''] = basename(folder).split('.')
  try {
    renameSync(folder, join(apps, name))
  } catch {
    // Another process has stored the same app meanwhile.
    removeQuietly(folder)
  }
  trim(apps, name, nowMs)
}

function trim(apps: string, newest: string, nowMs: number): void {
  const found = readdirSync(apps).flatMap((name) => {
    const usedMs = statSync(join(apps, name), { throwIfNoEntry: false })?.mtimeMs
    return usedMs === undefined ? [] : { path: join(apps, name), name, usedMs }
  })
  for (const { path, name, usedMs } of found) {
    if (UNFINISHED_NAME.test(name) && nowMs - usedMs > UNFINISHED_MS_MAX) removeQuietly(path)
  }
  const stored = found.filter(({ name }) => STORED_NAME.test(name) && name !== newest)
  let bytes = bytesIn(join(apps, newest))
  for (const [index, { path }] of stored.sort((a, b) => b.usedMs - a.usedMs).entries()) {
    bytes += bytesIn(path)
    if (index + 1 >= APPS_MAX || bytes > BYTES_MAX) removeQuietly(path)
  }
}

function bytesIn(folder: string): number {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    return entries.reduce((bytes, { parentPath, name }) => bytes + statSync(join(parentPath, name)).size, 0)
  } catch {
    // Another process is removing it.
    return 0
  }
}

function isWhole(folder: string): boolean {
  try {
    return readFileSync(join(folder, SEAL_FILE), 'utf8') === sealOf(folder)
  } catch {
    return false
  }
}

function sealOf(folder: string): string {
  return filesDigest(
    folder,
    readdirSync(folder)
      .filter((name) => name !== SEAL_FILE)
      .sort(),
  )
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 5 })
  } catch {
    // The next run tries again.
  }
}
