// The folder of --data: what lies in it, and who has it, in; held for this run, or refused in a sentence, out.

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
  it('is held by the process that uses it, and free after', () => {
    const held = openDataFolder(folder)
    expect(readFileSync(lock, 'utf8')).toBe(String(process.pid))
    held.release()
    expect(existsSync(lock)).toBe(false)
  })

  it('is refused while another process that lives has it, which is left alone', () => {
    writeFileSync(lock, String(process.ppid))
    expect(() => openDataFolder(folder)).toThrow(UserError)
    expect(() => openDataFolder(folder)).toThrow(`another run uses ${folder} (process ${process.ppid}`)
    expect(readFileSync(lock, 'utf8')).toBe(String(process.ppid))
  })

  it.each([
    ['a process that is dead', () => String(spawnSync(process.execPath, ['--version']).pid)],
    ['a run of the same number in a container that is gone', () => String(process.pid)],
    ['a run that was killed before it had said who it is', () => ''],
  ])('is taken over from %s', (_, left) => {
    writeFileSync(lock, left())
    openDataFolder(folder)
    expect(readFileSync(lock, 'utf8')).toBe(String(process.pid))
  })

  it.each(['kinesis'])('is refused where %s is a file, and left free', (name) => {
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
  ])('is refused where its database is %s', (_, make) => {
    make()
    expect(() => openDataFolder(folder)).toThrow(
      new UserError(`${database()} is not the database that a run leaves there: give --data another folder`),
    )
  })

  it.each(['', 'SQLite format 3\0 and so on'])('is taken with a database that begins with %j', (text) => {
    writeFileSync(database(), text)
    openDataFolder(folder).release()
  })
})
