// Makes a folder outside the checkout, as a user has it, and runs programs there.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

export interface FreshFolder {
  readonly path: string
  /** A folder in it. */
  inside(name: string): FreshFolder
  write(files: Readonly<Record<string, string>>): void
  /** Runs a program and returns all that it printed. Throws if it fails. */
  run(command: string, ...args: readonly string[]): string
}

/** Variables that npm and vitest set for the processes that they start. */
const OWN_VARIABLES = /^(npm_(lifecycle|package|command|config_local_prefix)|INIT_CWD|VITEST|NODE_ENV|NODE_OPTIONS)/

/** Makes a new folder. Its path has a space and characters beyond ASCII. */
export function freshFolder(): FreshFolder {
  const path = join(mkdtempSync(join(tmpdir(), 'search-session-ctr-')), 'Müllers Läden')
  mkdirSync(path)
  return folderAt(path)
}

function folderAt(path: string): FreshFolder {
  const own = Object.entries(process.env).filter(([name]) => !OWN_VARIABLES.test(name))
  // npm and npx run on the Node that runs the tests.
  const env = { ...Object.fromEntries(own), PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) }
  return {
    path,
    inside: (name) => folderAt(join(path, name)),
    write: (files) => {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
    },
    run: (command, ...args) => {
      const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: path, env, encoding: 'utf8' })
      if (status === 0) return `${stdout}${stderr}`
      throw new Error(`${command} ${args.join(' ')} ended with ${status ?? error?.message}:\n${stdout}${stderr}`)
    },
  }
}

/** Returns the bytes of all files in the folder. */
export function bytesIn(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .reduce((bytes, { parentPath, name }) => bytes + statSync(join(parentPath, name)).size, 0)
}
