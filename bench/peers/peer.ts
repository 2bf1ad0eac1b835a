// What a peer is to the bench, and how programs that it needs are called: commands in; what they print, or why not, out.

import { execFile } from 'node:child_process'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify, stripVTControlCharacters } from 'node:util'

/** The same numbers for every peer. */
export interface PeerSettings {
  readonly gapMs: number
  readonly latenessMs: number
}

export interface Peer {
  readonly name: string
  /** A sentence for who reads its numbers: what it runs with that could be otherwise. */
  readonly note?: string
  /** @param out a file or a folder that is not there yet. */
  command(log: string, out: string, settings: PeerSettings): readonly [string, ...string[]]
}

/** A peer that cannot be had here, and is left out: one line says why. */
export class PeerMissingError extends Error {}

/** Kept from run to run, and out of the repository: packages of the peers. */
export const PEERS_FOLDER = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'search-session-ctr', 'peers')

const MINUTES_MAX = 10

/**
 * @throws PeerMissingError with one line of what went wrong.
 * @param signal ends the program; what is thrown then is the signal's reason.
 */
export async function called(program: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { timeout: MINUTES_MAX * 60_000, signal })
    return stdout.trim()
  } catch (error) {
    signal.throwIfAborted()
    throw new PeerMissingError(missingText(program, error as Failed))
  }
}

/**
 * Fills a folder unless an earlier run has done all of it: what was interrupted is begun again.
 *
 * @throws PeerMissingError also where the folder cannot be made.
 */
export async function filledOnce(folder: string, fill: () => Promise<void>): Promise<void> {
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
    throw new PeerMissingError(`its packages cannot be kept (${message})`)
  }
}

interface Failed {
  /** Of the program, or of what kept it from starting. */
  readonly code?: unknown
  readonly stderr?: string
  readonly stdout?: string
}

export function missingText(program: string, { code, stderr = '', stdout = '' }: Failed): string {
  if (code === 'ENOENT') return `${basename(program)} is not installed`
  // Maven complains where others answer.
  const line = tellingLine(`${stderr}\n${stdout}`) ?? `ended with ${code ?? 'a signal'}`
  return `${basename(program)}: ${line}`
}

const LINE_LENGTH = 160

/** Of all that a program said, the first line that names an error, else the last. */
export function tellingLine(said: string): string | null {
  const lines = stripVTControlCharacters(said)
    .split('\n')
    .flatMap((line) => line.trim() || [])
  const line = lines.find((text) => /error|exception/i.test(text)) ?? lines.at(-1)
  return line?.slice(0, LINE_LENGTH) ?? null
}
