// Runs a peer on a log, measures it, and reads the sessions that it writes.

import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../terminal/user-error.ts'
import { BENCH_SETTINGS } from '../bench-settings.ts'
import { type FoundSession, parseFound } from './found-session.ts'
import { measureProcess, type ProcessUsage } from './measured-process.ts'
import type { Peer } from './peer.ts'

export interface Run {
  readonly usage: ProcessUsage
  readonly found: readonly FoundSession[]
}

/** The values that all runs share. */
export interface RunLocation {
  readonly folder: string
  readonly oneCore: boolean
  readonly signal: AbortSignal
}

/** @throws UserError where the peer fails or writes no sessions. */
export async function runOnce(peer: Peer, log: string, { folder, oneCore, signal }: RunLocation): Promise<Run> {
  const out = join(folder, 'out')
  try {
    const command = peer.command(log, out, BENCH_SETTINGS.rules)
    const usage = await measureProcess(oneCore ? ['taskset', '-c', '0', ...command] : command, signal)
    return { usage, found: await readFound(out) }
  } finally {
    // The next peer must not read what a failed run left.
    await rm(out, { recursive: true, force: true })
  }
}

/** Reads the sessions from a file, or from all files of a folder. */
async function readFound(path: string): Promise<FoundSession[]> {
  const written = await stat(path).catch(() => null)
  if (written === null) throw new UserError('it wrote no sessions')
  const files = written.isDirectory() ? (await readdir(path)).map((file) => join(path, file)) : [path]
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  return texts.flatMap((text) => text.split('\n').filter((line) => line !== '')).map(parseFound)
}

/** Returns the run with the least CPU, or the least time where CPU is not known. */
export async function bestOf(times: number, once: (run: number) => Promise<Run>): Promise<Run> {
  let best = await once(1)
  for (let run = 2; run <= times; run++) {
    const next = await once(run)
    if (cost(next.usage) < cost(best.usage)) best = next
  }
  return best
}

function cost({ cpuSeconds, seconds }: ProcessUsage): number {
  return cpuSeconds ?? seconds
}
