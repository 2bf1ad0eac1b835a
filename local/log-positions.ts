// How far each log was written to the stream: a data folder in, positions that outlive the process out.

import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface LogPositions {
  /** Lines of the log that are in the stream; there may be a few more. */
  of(name: string): number
  record(name: string, lines: number): void
}

/** @param folder null where nothing outlives the process. */
export function logPositions(folder: string | null): LogPositions {
  if (folder === null) return { of: () => 0, record: () => {} }
  const path = join(folder, 'positions.json')
  const positions = readPositions(path)
  return {
    of: (name) => positions[name] ?? 0,
    record: (name, lines) => {
      positions[name] = Math.max(positions[name] ?? 0, lines)
      // Written beside and moved, so that a kill in between leaves the old one.
      writeFileSync(`${path}.new`, JSON.stringify(positions))
      renameSync(`${path}.new`, path)
    },
  }
}

function readPositions(path: string): Record<string, number> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, number>
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}
