// A kept local run as other commands find it: where it listens and what it is called in, a small file out, and back.

import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { UserError } from '../../terminal/user-error.ts'

export interface RunningPipeline {
  readonly pid: number
  /** ISO 8601; tells runs apart. */
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

/** What commands keep beside the work, and Git is told to ignore. */
export const STATE_FOLDER = '.search-ctr'
const RUNNING_FILE = 'local.json'
export const DEFAULT_RUNNING_PATH = join(STATE_FOLDER, RUNNING_FILE)

/** @param path a file, or a folder for the file in it. */
async function runningPath(path: string): Promise<string> {
  const found = await stat(path).catch(() => null)
  return found?.isDirectory() ? join(path, RUNNING_FILE) : path
}

/** Throws where another run that is alive is told of there. */
export async function checkRunningPath(path: string): Promise<void> {
  const file = await runningPath(path)
  const other = await readOrNull(file)
  if (other !== null && isAlive(other.pid))
    throw new UserError(
      `${file} tells of another run (process ${other.pid}): stop it, or name another file with --keep`,
    )
}

/** Returns what takes the file away again. */
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

/** Ignored by Git wherever it is, if it is the one of its name. */
export async function makeRunningFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  if (folder.endsWith(STATE_FOLDER)) await writeFile(join(folder, '.gitignore'), '*\n')
}

export async function readRunningPipeline(path: string): Promise<RunningPipeline> {
  const file = await runningPath(path)
  const run = await readOrNull(file)
  const start = "start one with 'search-ctr local --keep' in another terminal"
  if (run === null) {
    const found = await stat(file).catch(() => null)
    const what = found === null ? 'no local run is kept there' : 'is not the file that a kept local run leaves'
    throw new UserError(`--local ${file}: ${what}; ${start}`)
  }
  if (!isAlive(run.pid)) throw new UserError(`--local ${file}: that run (process ${run.pid}) has ended; ${start}`)
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

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It lives, and is somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
