// Tests `init`: the files that it writes, and what it never replaces.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { EXIT } from '../../../terminal/exit-codes.ts'
import { typed } from '../../support/typed.ts'

const STARTER = fileURLToPath(new URL('../../../starter/', import.meta.url))
const parent = mkdtempSync(join(tmpdir(), 'search-session-ctr-init-'))
afterAll(() => rmSync(parent, { recursive: true, force: true }))

/** Returns the paths of all files below the folder. */
function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length).replace(/^\//, ''))
    .sort()
}

const FILES = filesIn(STARTER).map((name) => (name === 'gitignore' ? '.gitignore' : name))

describe('init', () => {
  it('writes the starter app into a new folder, and names its files and the next commands', async () => {
    const { status, stdout } = await typed(['init', 'shops/my shop'], parent)
    expect(status).toBe(EXIT.done)
    const folder = join(parent, 'shops/my shop')
    expect(filesIn(folder)).toEqual([...FILES].sort())
    for (const name of FILES) {
      expect(stdout).toContain(`  ${name}\n`)
      expect(readFileSync(join(folder, name), 'utf8'), name).toBe(
        readFileSync(join(STARTER, name === '.gitignore' ? 'gitignore' : name), 'utf8'),
      )
    }
    expect(stdout).toContain('cd "shops/my shop" && npm install\n')
  })

  it('writes beside other files, into the folder that it runs in', async () => {
    const folder = join(parent, 'used')
    mkdirSync(folder)
    writeFileSync(join(folder, 'LICENSE'), 'mine')
    const { status, stdout } = await typed(['init'], folder)
    expect(status).toBe(EXIT.done)
    expect(filesIn(folder)).toHaveLength(FILES.length + 1)
    expect(stdout).toContain('Next:\n  npm install\n')
  })

  it('writes nothing where one of its files exists, and names the file', async () => {
    const folder = join(parent, 'taken')
    mkdirSync(join(folder, 'test'), { recursive: true })
    writeFileSync(join(folder, 'test/search-stack.test.ts'), 'mine')
    const { status, stderr } = await typed(['init', 'taken'], parent)
    expect(status).toBe(EXIT.failed)
    expect(stderr).toBe(
      `test/search-stack.test.ts exists already in ${folder}: init replaces no file, and wrote nothing\n`,
    )
    expect(filesIn(folder)).toEqual(['test/search-stack.test.ts'])
    const again = await typed(['init', 'used'], parent)
    expect(again.stderr).toContain('exists already')
  })

  it('takes a link that leads nowhere for a file of its own name', async () => {
    const folder = join(parent, 'linked')
    mkdirSync(folder)
    symlinkSync('/nowhere', join(folder, 'package.json'))
    expect((await typed(['init', 'linked'], parent)).stderr).toContain('package.json exists already')
  })

  it.each([
    ['a file', 'note'],
    ['a folder below a file', 'note/shop'],
  ])('refuses %s', async (_, path) => {
    writeFileSync(join(parent, 'note'), '')
    const { status, stderr } = await typed(['init', path], parent)
    expect(status).toBe(EXIT.failed)
    expect(stderr).toMatch(/note: is a file, expected a folder\n$/)
  })

  it.runIf(process.platform === 'linux')('names a folder that takes no files', async () => {
    const { status, stderr } = await typed(['init', '/proc/shop'], parent)
    expect(status).toBe(EXIT.failed)
    expect(stderr).toMatch(/^README\.md in \/proc\/shop: .*\n$/)
  })
})
