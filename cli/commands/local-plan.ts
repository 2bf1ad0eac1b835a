// Checks the options of `local` before the run starts, and resolves their paths.

import { access, constants, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { checkSettingName, checkTogether, readSettings } from '../../infra/read-settings.ts'
import { makeWithParents } from '../../local/run/make-folder.ts'
import { checkRunningPath, DEFAULT_RUNNING_PATH } from '../../local/run/running-pipeline.ts'
import { shellWord } from '../../terminal/text-table.ts'
import { fileErrorText, UsageError, UserError } from '../../terminal/user-error.ts'

export interface LocalOptions {
  readonly events?: string
  readonly out?: string
  readonly sort?: true
  readonly setting: Readonly<Record<string, string>>
  /** True without a path. */
  readonly keep?: string | true
  readonly port?: number
  readonly data?: string
  readonly chaos?: number
  readonly memory?: true
  readonly open?: true
  /** Log time passes so many times faster than real time. */
  readonly speed?: number
}

/** A page of a run without a log is for events that others send, so the run stays up for them. */
export function withKeep(options: LocalOptions): LocalOptions {
  const isForOthers = options.open && options.events === undefined && options.keep === undefined
  return isForOthers ? { ...options, keep: true } : options
}

export interface Plan {
  /** `-` for standard input. */
  readonly events: string | null
  /** As the user typed it, and absolute. */
  readonly out: { readonly typed: string; readonly path: string } | null
  readonly data: string | null
  readonly keep: string | null
}

/**
 * @param args the arguments that are no options; the command takes none.
 * @param cwd the folder that the command runs in.
 */
export async function checkedPlan(options: LocalOptions, args: readonly string[], cwd: string): Promise<Plan> {
  const [argument] = args
  if (argument !== undefined)
    throw new UsageError(`local takes a log with --events: 'search-session-ctr local --events ${shellWord(argument)}'`)
  const { events, out, data, setting } = options
  const needs = needsEmulators(options)
  if (options.memory && needs !== null) throw new UsageError(`--memory: ${needs}`)
  if (options.speed !== undefined) checkSpeed(options, needs)
  const keep = options.keep === true ? DEFAULT_RUNNING_PATH : options.keep
  if (events === undefined && keep === undefined)
    throw new UsageError('--events FILE is missing (- for standard input), or --keep')
  const needless = out !== undefined ? '--out' : '--sort'
  if (events === undefined && (out !== undefined || options.sort))
    throw new UsageError(`${needless} needs --events FILE: it is about the log of the run`)
  for (const name of Object.keys(setting)) checkSettingName(name)
  checkTogether(readSettings(setting))
  const absolute = (path: string): string => resolve(cwd, path)
  if (events !== undefined && events !== '-') await checkFile(events, absolute(events))
  if (out !== undefined) await makeFolder(`--out ${out}`, absolute(out))
  if (data !== undefined) await makeFolder(`--data ${data}`, absolute(data))
  if (keep !== undefined) await checkRunningPath(absolute(keep))
  return {
    events: events === undefined || events === '-' ? (events ?? null) : absolute(events),
    out: out === undefined ? null : { typed: out, path: absolute(out) },
    data: data === undefined ? null : absolute(data),
    keep: keep === undefined ? null : absolute(keep),
  }
}

function checkSpeed({ events, open }: LocalOptions, needs: string | null): void {
  if (!open) throw new UsageError('--speed needs --open: it is the speed of the page')
  if (events === undefined) throw new UsageError('--speed needs --events FILE: it is about the log of the run')
  if (needs !== null) throw new UsageError(`--speed replays the log in memory: ${needs}`)
}

/** Returns why a run in memory cannot have one of the options, or null if it can have all. */
export function needsEmulators({ keep, port, data, chaos }: LocalOptions): string | null {
  if (keep !== undefined) return 'no other command can reach a run in memory, so --keep needs the emulators'
  if (port !== undefined) return 'a run in memory listens on no port, so --port needs the emulators'
  if (data !== undefined) return 'a run in memory stores nothing for a later run, so --data needs the emulators'
  if (chaos !== undefined) return 'a run in memory calls no service that could fail, so --chaos needs the emulators'
  return null
}

async function checkFile(typed: string, path: string): Promise<void> {
  const found = await stat(path).catch(() => null)
  if (found === null) throw new UserError(`--events ${typed}: there is no such file`)
  if (found.isDirectory()) throw new UserError(`--events ${typed}: is a folder, expected a file`)
}

/** @param option the option and its value, for the error message. */
async function makeFolder(option: string, folder: string): Promise<void> {
  try {
    await makeWithParents(folder)
  } catch (error) {
    throw new UserError(`${option}: the folder cannot be created (${(error as NodeJS.ErrnoException).code})`)
  }
  // Otherwise the run would fail at its end.
  await access(folder, constants.W_OK).catch((error) => {
    throw new UserError(`${option}: ${fileErrorText(error, folder)}`)
  })
}
