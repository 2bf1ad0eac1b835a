// One run of a peer: a log in; what the program took, and the sessions that it wrote, out.

import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../terminal/user-error.ts'
import { BENCH_SETTINGS } from '../bench-settings.ts'
import { type FoundSession, parseFound } from './found-session.ts'
import { measureProcess, type Taken } from './measured-process.ts'
import type { Peer } from './peer.ts'

export interface Run {
  readonly taken: Taken
  readonly found: readonly FoundSession[]
}

/** Where runs write, and how. */
export interface RunLocation {
  readonly folder: string
  readonly oneCore: boolean
  readonly signal: AbortSignal
}

/** @throws UserError where the peer does not do its work. */
export async function runOnce(peer: Peer, log: string, { folder, oneCore, signal }: RunLocation): Promise<Run> {
  const out = join(folder, 'out')
  try {
    const command = peer.command(log, out, BENCH_SETTINGS.rules)
    const taken = await measureProcess(oneCore ? ['taskset', '-c', '0', ...command] : command, signal)
    return { taken, found: await readFound(out) }
  } finally {
    // What a failed run leaves is not for the next peer.
    await rm(out, { recursive: true, force: true })
  }
}

/** One file, or a folder of them. */
async function readFound(path: string): Promise<FoundSession[]> {
  const written = await stat(path).catch(() => null)
  if (written === null) throw new UserError('it wrote no sessions')
  const files = written.isDirectory() ? (await readdir(path)).map((file) => join(path, file)) : [path]
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  return texts.flatMap((text) => text.split('\n').filter((line) => line !== '')).map(parseFound)
}

/** The run that took the least CPU, or time where the system does not tell. */
export async function bestOf(times: number, once: (run: number) => Promise<Run>): Promise<Run> {
  let best = await once(1)
  for (let run = 2; run <= times; run++) {
    const next = await once(run)
    if (cost(next.taken) < cost(best.taken)) best = next
  }
  return best
}

function cost({ cpuSeconds, seconds }: Taken): number {
  return cpuSeconds ?? seconds
}
