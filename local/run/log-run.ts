// Defines a run that replays logs, on emulators or in memory.

import type { ResultRow } from '../../functions/domain/results/result.ts'
import type { LogReplay } from '../replay/log-replay.ts'
import type { Summary } from './summary.ts'

export interface LogRun {
  /**
   * See `LogReplay.replay`. If an earlier run on the same data replayed a log of this name, the log
   * must begin with the same lines.
   */
  readonly replay: LogReplay['replay']
  /**
   * Closes every session. Returns when all rows and rollups are written. Throws a UserError if a
   * function keeps failing.
   *
   * @param onProgress gets what the run does now, and why an invocation failed.
   */
  drain(onProgress?: (text: string) => void): Promise<void>
  /** Returns all result rows by key. */
  results(): Promise<ResultRow[]>
  /** Throws if the run stored fewer or more events than were replayed. */
  summary(): Promise<Summary>
  stop(): Promise<void>
}

/** Sorts rows as `LogRun.results` returns them. */
export function inKeyOrder(rows: readonly ResultRow[]): ResultRow[] {
  return [...rows].sort((a, b) => (a.pk === b.pk ? compare(a.sk, b.sk) : compare(a.pk, b.pk)))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
