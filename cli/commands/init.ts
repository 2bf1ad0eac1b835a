// Implements `init`, which writes a small CDK app that deploys the pipeline.

import { constants } from 'node:fs'
import { copyFile, lstat, readdir } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { makeWithParents } from '../../local/run/make-folder.ts'
import { print } from '../../terminal/output.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { counted, shellWord } from '../../terminal/text-table.ts'
import { fileErrorText, UsageError, UserError } from '../../terminal/user-error.ts'
import { withHelp } from './help.ts'

/** The app as it is written. The compiled package has a copy in the same place. */
const STARTER = fileURLToPath(new URL('../../starter/', import.meta.url))
/** npm would rename a `.gitignore` in the package. */
const RENAMED: Readonly<Record<string, string>> = { gitignore: '.gitignore' }

export function defineInit(command: Command, terminal: Terminal): void {
  command.argument('[folder]', 'where to write the app; made if it does not exist', '.')
  withHelp(command, {
    details: `The app has one stack with the pipeline, a file with every setting and its default, and a test that
needs no AWS account. It synthesizes as it is. The command replaces no file: if the folder has one of the
same name, it writes nothing.`,
    examples: ['search-session-ctr init search-sessions'],
  }).action((folder: string) => runInit(folder, terminal))
}

async function runInit(typed: string, terminal: Terminal): Promise<void> {
  if (typed.trim() === '' || typed.startsWith('-'))
    throw new UsageError(`init '${typed}': expected the name of a folder`)
  const folder = resolve(terminal.cwd, typed)
  const files = (await starterFiles()).map((source) => ({ source, path: join(folder, writtenPath(source)) }))
  await checkFolder(typed, folder)
  for (const { path } of files) await checkFree(path, folder)
  for (const { source, path } of files) await writeFile(join(STARTER, source), path, folder)
  const there = folder === terminal.cwd ? '' : `cd ${shellWord(typed)} && `
  print(
    terminal,
    [
      `Wrote ${counted(files.length, 'file')} to ${folder}:`,
      ...files.map(({ path }) => `  ${relative(folder, path)}`),
      '',
      'Next:',
      `  ${there}npm install`,
      '  npm test',
      '  npx cdk synth --quiet',
      '  npx cdk deploy',
    ].join('\n'),
  )
}

/** Returns the paths below the starter's folder, in order. */
async function starterFiles(): Promise<string[]> {
  const entries = await readdir(STARTER, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return files.map(({ parentPath, name }) => relative(STARTER, join(parentPath, name))).sort()
}

function writtenPath(source: string): string {
  return RENAMED[source] ?? source
}

/** Each existing part of the path has to be a folder. */
async function checkFolder(typed: string, folder: string): Promise<void> {
  for (let path = folder; ; path = dirname(path)) {
    const found = await lstatOf(path)
    if (found?.isSymbolicLink() || found?.isDirectory()) return
    if (found !== null) throw new UserError(`${path === folder ? typed : path}: is a file, expected a folder`)
  }
}

async function checkFree(path: string, folder: string): Promise<void> {
  if ((await lstatOf(path)) === null) return
  throw new UserError(`${relative(folder, path)} exists already in ${folder}: init replaces no file, and wrote nothing`)
}

async function lstatOf(path: string) {
  return lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw new UserError(`${path}: ${fileErrorText(error, path)}`)
  })
}

async function writeFile(source: string, path: string, folder: string): Promise<void> {
  try {
    await makeWithParents(dirname(path))
    await copyFile(source, path, constants.COPYFILE_EXCL)
  } catch (error) {
    throw new UserError(`${relative(folder, path)} in ${folder}: ${fileErrorText(error, path)}`)
  }
}
