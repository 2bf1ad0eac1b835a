// Holds what a run keeps between its starts: the data folder's lock and the positions of its logs.

import { type LogPositions, logPositions } from '../replay/log-positions.ts'
import { holdDataFolder } from './data-folder.ts'

export interface RunFolder {
  readonly positions: LogPositions
  /** Lets another run have the data folder. */
  release(): void
}

/** @param dataFolder null for a run that keeps nothing. Throws where another run holds the folder. */
export function runFolder(dataFolder: string | null): RunFolder {
  const held = dataFolder === null ? null : holdDataFolder(dataFolder)
  const release = (): void => held?.release()
  try {
    return { positions: logPositions(dataFolder), release }
  } catch (error) {
    release()
    throw error
  }
}
