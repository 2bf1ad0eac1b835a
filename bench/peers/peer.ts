// Defines a peer, and runs the programs that install it.

import { execFile } from 'node:child_process'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify, stripVTControlCharacters } from 'node:util'

/** The settings that all peers share. */
export interface PeerSettings {
  readonly gapMs: number
  readonly latenessMs: number
}

export interface Peer {
  readonly name: string
  /** A sentence for the report about choices that its numbers depend on. */
  readonly note?: string
  /** @param out a file or a folder that does not exist yet. */
  command(log: string, out: string, settings: PeerSettings): readonly [string, ...string[]]
}

/** A peer cannot be installed here, so the bench leaves it out. The message is one line. */
export class PeerMissingError extends Error {
  override readonly name = 'PeerMissingError'
}

/** Packages of the peers stay here from run to run, outside the repository. */
export const PEERS_FOLDER = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'search-session-ctr', 'peers')

const MINUTES_MAX = 10

/**
 * Runs a program and returns its output without white space around it.
 *
 * @param signal ends the program. The function then throws the signal's reason.
 * @throws PeerMissingError where the program is missing or fails.
 */
export async function runProgram(program: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { timeout: MINUTES_MAX * 60_000, signal })
    return stdout.trim()
  } catch (error) {
    signal.throwIfAborted()
    throw new PeerMissingError(missingText(program, error as Failed))
  }
}

/**
 * Fills a folder unless an earlier call has filled it. After an interruption it fills the folder
 * anew.
 *
 * @throws PeerMissingError where the folder cannot be made.
 */
export async function fillOnce(folder: string, fill: () => Promise<void>): Promise<void> {
  const complete = join(folder, 'complete')
  const isComplete = await stat(complete).then(
    () => true,
    () => false,
  )
  if (isComplete) return
  try {
    await mkdir(folder, { recursive: true })
    await fill()
    await writeFile(complete, '')
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
    throw new PeerMissingError(`its packages cannot be stored (${message})`)
  }
}

interface Failed {
  /** The exit code of the program, or the error code where it did not start. */
  readonly code?: unknown
  readonly stderr?: string
  readonly stdout?: string
}

/** Describes in one line why a program failed. */
export function missingText(program: string, { code, stderr = '', stdout = '' }: Failed): string {
  if (code === 'ENOENT') return `${basename(program)} is not installed`
  // Maven prints its errors to stdout.
  const line = errorLine(`${stderr}\n${stdout}`) ?? `ended with ${code ?? 'a signal'}`
  return `${basename(program)}: ${line}`
}

const LINE_LENGTH = 160

/** Returns the first line that names an error, or else the last line; null without any line. */
export function errorLine(output: string): string | null {
  const lines = stripVTControlCharacters(output)
    .split('\n')
    .flatMap((line) => line.trim() || [])
  const line = lines.find((text) => /error|exception/i.test(text)) ?? lines.at(-1)
  return line?.slice(0, LINE_LENGTH) ?? null
}
