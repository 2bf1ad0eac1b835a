// Invokes the sweep or the rollup function to drain until it reports that nothing is left.

import { FunctionError, type FunctionProcess } from './function-process.ts'

export const DRAINS_MAX = 1000

interface DrainRequest {
  readonly drain: true
  /** Where the previous invocation stopped. */
  readonly fromMs?: number
}

export interface DrainReport {
  /** Only the sweep reports it. */
  readonly closed?: number
  readonly conflicts: number
  readonly isUnfinished: boolean
  readonly stoppedAtMs?: number | null
}

/**
 * A function stops before its timeout, so one drain may take several invocations. Returns false if
 * something was left after `DRAINS_MAX` of them.
 *
 * @param ask invokes the function once. It returns null if the function failed and may be retried.
 */
export async function drainUntilDone(ask: (request: DrainRequest) => Promise<DrainReport | null>): Promise<boolean> {
  let fromMs: number | undefined
  for (let drains = 0; drains < DRAINS_MAX; drains++) {
    const report = await ask({ drain: true, ...(fromMs !== undefined && { fromMs }) })
    if (report === null) continue
    const { closed = 0, conflicts, isUnfinished, stoppedAtMs } = report
    // An invocation that continued another one reports only its own part, so one more has to start
    // from the beginning.
    if (fromMs === undefined && closed === 0 && conflicts === 0 && !isUnfinished) return true
    fromMs = stoppedAtMs ?? undefined
  }
  return false
}

export async function drainSessions(sweep: FunctionProcess): Promise<void> {
  if (!(await drained(sweep))) throw new Error(`sessions are still open after ${DRAINS_MAX} drains`)
}

export async function drainRollups(rollup: FunctionProcess): Promise<void> {
  if (!(await drained(rollup))) throw new Error(`rollups are still unfinished after ${DRAINS_MAX} drains`)
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
