// What a peer is to the bench, and how programs that it needs are called: commands in; what they print, or why not, out.

import { execFile } from 'node:child_process'
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
  /** @param out a file or a folder that is not there yet. */
  command(log: string, out: string, settings: PeerSettings): readonly [string, ...string[]]
}

/** A peer that cannot be had here, and is left out: one line says why. */
export class PeerMissing extends Error {}

/** Kept from run to run, and out of the repository: packages of the peers. */
export const PEERS_FOLDER = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'search-session-ctr', 'peers')

const MINUTES_MAX = 10

/** @throws PeerMissing with one line of what went wrong. */
export async function called(program: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { timeout: MINUTES_MAX * 60_000 })
    return stdout.trim()
  } catch (error) {
    throw new PeerMissing(missingText(program, error as Failed))
  }
}

interface Failed {
  /** Of the program, or of what kept it from starting. */
  readonly code?: unknown
  readonly stderr?: string
  readonly stdout?: string
}

/** Of all that a program said (Maven complains where others answer), the first line that names an error, else the last. */
export function missingText(program: string, { code, stderr = '', stdout = '' }: Failed): string {
  if (code === 'ENOENT') return `${basename(program)} is not installed`
  const lines = stripVTControlCharacters(`${stderr}\n${stdout}`)
    .split('\n')
    .flatMap((line) => line.trim() || [])
  const line = lines.find((text) => /error/i.test(text)) ?? lines.at(-1) ?? `ended with ${code ?? 'a signal'}`
  return `${basename(program)}: ${line.slice(0, LINE_LENGTH)}`
}

const LINE_LENGTH = 160
