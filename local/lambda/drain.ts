// Draining: the sweep function in, every session closed by it out; the rollup function in, everything summed up out.

import { FunctionError, type FunctionProcess } from './function-process.ts'

export const DRAINS_MAX = 1000

interface DrainRequest {
  readonly drain: true
  /** Where the one before stopped. */
  readonly fromMs?: number
}

/** Of the sweep; the rollup closes nothing, and does not say so. */
export interface DrainReport {
  readonly closed?: number
  readonly conflicts: number
  readonly isUnfinished: boolean
  readonly stoppedAtMs?: number | null
}

/**
 * A function stops when its time is up, so it is asked to go on until nothing is left; false where there always is.
 *
 * @param ask null where it failed and may be asked again.
 */
export async function drainUntilDone(ask: (request: DrainRequest) => Promise<DrainReport | null>): Promise<boolean> {
  let fromMs: number | undefined
  for (let drains = 0; drains < DRAINS_MAX; drains++) {
    const report = await ask({ drain: true, ...(fromMs !== undefined && { fromMs }) })
    if (report === null) continue
    const { closed = 0, conflicts, isUnfinished, stoppedAtMs } = report
    // One that went on from where another stopped knows nothing of those before.
    if (fromMs === undefined && closed === 0 && conflicts === 0 && !isUnfinished) return true
    fromMs = stoppedAtMs ?? undefined
  }
  return false
}

export async function drainSessions(sweep: FunctionProcess): Promise<void> {
  if (!(await drained(sweep))) throw new Error(`sessions are still open after ${DRAINS_MAX} drains`)
}

export async function drainRollups(rollup: FunctionProcess): Promise<void> {
  if (!(await drained(rollup))) throw new Error(`not all is summed up after ${DRAINS_MAX} drains`)
}

function drained(invoked: FunctionProcess): Promise<boolean> {
  return drainUntilDone(async (request) => {
    try {
      return (await invoked.invoke(request)) as DrainReport
    } catch (error) {
      if (error instanceof FunctionError) return null
      throw error
    }
  })
}
