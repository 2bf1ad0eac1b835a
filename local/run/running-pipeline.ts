// Writes and reads the small file by which other commands find a running local pipeline.

import { access, constants, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileErrorText, UserError } from '../../terminal/user-error.ts'
import { isRunning } from './live-process.ts'
import { makeWithParents } from './make-folder.ts'

export interface RunningPipeline {
  readonly pid: number
  /** ISO 8601. With the process number, it identifies the run. */
  readonly startedAt: string
  readonly endpoints: {
    readonly kinesis: string
    readonly dynamodb: string
    readonly s3: string
    readonly lambda: string
    readonly secrets: string
  }
  readonly outputs: Readonly<Record<string, string>>
  /** The environment variables of each function, by its name. */
  readonly environments: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** The folder for the commands' own files in the working folder. Git ignores it. */
export const STATE_FOLDER = '.search-ctr'
const RUNNING_FILE = 'local.json'
export const DEFAULT_RUNNING_PATH = join(STATE_FOLDER, RUNNING_FILE)

/** @param path the file, or a folder that holds it. */
async function runningPath(path: string): Promise<string> {
  const found = await stat(path).catch(() => null)
  return found?.isDirectory() ? join(path, RUNNING_FILE) : path
}

/** Throws a UserError if the file belongs to another run that is still up, or cannot be written. */
export async function checkRunningPath(path: string): Promise<void> {
  const file = await runningPath(path)
  const other = await readOrNull(file)
  if (other !== null && isRunning(other.pid))
    throw new UserError(
      `${file} belongs to another run (process ${other.pid}): stop it, or name another file with --keep`,
    )
  try {
    await makeRunningFolder(dirname(file))
    await access(dirname(file), constants.W_OK)
  } catch (error) {
    throw new UserError(`--keep ${file}: ${fileErrorText(error, file)}; name a file in another folder`)
  }
}

/** Returns a function that removes the file, unless another run has replaced it. */
export async function writeRunningPipeline(path: string, run: RunningPipeline): Promise<() => Promise<void>> {
  const file = await runningPath(path)
  await makeRunningFolder(dirname(file))
  await writeFile(`${file}.new`, `${JSON.stringify(run, null, 2)}\n`)
  await rename(`${file}.new`, file)
  return async () => {
    const there = await readOrNull(file)
    if (there?.pid === run.pid && there.startedAt === run.startedAt) await rm(file, { force: true })
  }
}

/** Makes the folder. Git ignores it if it is the `STATE_FOLDER`. */
export async function makeRunningFolder(folder: string): Promise<void> {
  await makeWithParents(folder)
  if (folder.endsWith(STATE_FOLDER)) await writeFile(join(folder, '.gitignore'), '*\n')
}

export async function readRunningPipeline(path: string): Promise<RunningPipeline> {
  const file = await runningPath(path)
  const run = await readOrNull(file)
  const start = "start one with 'search-session-ctr local --keep' in another terminal"
  if (run === null) {
    const found = await stat(file).catch(() => null)
    const what = found === null ? 'there is no local run' : 'is not the file of a local run'
    throw new UserError(`--local ${file}: ${what}; ${start}`)
  }
  if (!isRunning(run.pid)) throw new UserError(`--local ${file}: that run (process ${run.pid}) has ended; ${start}`)
  return run
}

async function readOrNull(file: string): Promise<RunningPipeline | null> {
  try {
    const run = JSON.parse(await readFile(file, 'utf8')) as Partial<RunningPipeline> | null
    const isWhole = typeof run?.pid === 'number' && run.endpoints !== undefined && run.outputs !== undefined
    return isWhole ? (run as RunningPipeline) : null
  } catch {
    return null
  }
}
