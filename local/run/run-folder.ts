// Where a run keeps what it writes: the folder of --data, or none, in; a folder for the app, log positions and their end out.

import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LogPositions, logPositions } from '../replay/log-positions.ts'
import { holdDataFolder } from './data-folder.ts'

export interface RunFolder {
  /** What the app is synthesized into. */
  readonly app: string
  readonly positions: LogPositions
  /** Lets another run have it, or removes what is for this run only. */
  leave(): Promise<void>
}

/** @param dataFolder null for a folder that goes with the run. */
export async function runFolder(dataFolder: string | null): Promise<RunFolder> {
  if (dataFolder === null) {
    const app = await mkdtemp(join(tmpdir(), 'search-session-ctr-'))
    // For a process that ends in mid-start.
    process.once('exit', () => rmSync(app, { recursive: true, force: true }))
    return { app, positions: logPositions(null), leave: () => rm(app, { recursive: true, force: true }) }
  }
  const held = holdDataFolder(dataFolder)
  try {
    return { app: join(dataFolder, 'app'), positions: logPositions(dataFolder), leave: async () => held.release() }
  } catch (error) {
    held.release()
    throw error
  }
}
