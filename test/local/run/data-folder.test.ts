// Checks that one run at a time uses a data folder, and only one that holds a run's files.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDataFolder } from '../../../local/run/data-folder.ts'
import { UserError } from '../../../terminal/user-error.ts'

let folder: string
let lock: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'search-session-ctr-folder-'))
  lock = join(folder, 'lock')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('a data folder', () => {
  it('locks the folder for this process until its release', () => {
    const held = openDataFolder(folder)
    expect(readFileSync(lock, 'utf8')).toBe(String(process.pid))
    held.release()
    expect(existsSync(lock)).toBe(false)
  })

  it('refuses the folder of a running process, and leaves its lock alone', () => {
    writeFileSync(lock, String(process.ppid))
    expect(() => openDataFolder(folder)).toThrow(UserError)
    expect(() => openDataFolder(folder)).toThrow(`another run uses ${folder} (process ${process.ppid}`)
    expect(readFileSync(lock, 'utf8')).toBe(String(process.ppid))
  })

  it.each([
    ['a process that has ended', () => String(spawnSync(process.execPath, ['--version']).pid)],
    ['a run with the same process number in another container', () => String(process.pid)],
    ['a run that was killed before it wrote its process number', () => ''],
  ])('takes over the lock of %s', (_, left) => {
    writeFileSync(lock, left())
    openDataFolder(folder)
    expect(readFileSync(lock, 'utf8')).toBe(String(process.pid))
  })

  it.each(['kinesis'])('refuses a folder in which %s is a file, and does not lock it', (name) => {
    writeFileSync(join(folder, name), '')
    expect(() => openDataFolder(folder)).toThrow(
      new UserError(`${join(folder, name)} is not the folder that a run leaves there: give --data another folder`),
    )
    expect(existsSync(lock)).toBe(false)
  })

  const database = (): string => join(folder, 'dynamodb.sqlite')
  it.each([
    ['junk', () => writeFileSync(database(), 'junk '.repeat(99))],
    ['shorter than a database', () => writeFileSync(database(), 'SQLite')],
    ['a folder', () => mkdirSync(database())],
  ])('refuses a folder whose database is %s', (_, make) => {
    make()
    expect(() => openDataFolder(folder)).toThrow(
      new UserError(`${database()} is not the database that a run leaves there: give --data another folder`),
    )
  })

  it.each(['', 'SQLite format 3\0 and so on'])('accepts a database that begins with %j', (text) => {
    writeFileSync(database(), text)
    openDataFolder(folder).release()
  })
})
