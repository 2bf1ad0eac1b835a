// Invokes the sweep or the rollup function to drain until it reports that nothing is left.

import { UserError } from '../../terminal/user-error.ts'
import { FunctionError, type FunctionProcess } from './function-process.ts'

export const DRAINS_MAX = 1000
/** A function that does no work this often in a row will not do any. */
export const IDLE_DRAINS_MAX = 50
/** A function without injected faults that fails this often in a row has a lasting cause. */
export const FAILURES_MAX = 5

interface DrainRequest {
  readonly drain: true
  /** Where the previous invocation stopped. */
  readonly fromMs?: number
}

export interface DrainReport {
  /** Only the sweep reports it. */
  readonly closed?: number
  /** Only the rollup reports it. */
  readonly rowsRead?: number
  readonly conflicts: number
  readonly isUnfinished: boolean
  readonly stoppedAtMs?: number | null
}

/** Failures may end a drain, or be retried. */
export interface DrainPatience {
  /** The drain ends after this many failed invocations in a row. */
  readonly failuresMax: number
  readonly onFailure: (error: FunctionError) => void
}

/**
 * A function stops before its timeout, so one drain may take several invocations. Throws a
 * UserError that names the function's own error after too many failures in a row. Throws one too if
 * the function does no work any more, or is not done after `DRAINS_MAX` invocations.
 *
 * @param ask invokes the function once. The drain retries after a FunctionError.
 */
export async function drainUntilDone(
  name: string,
  ask: (request: DrainRequest) => Promise<DrainReport>,
  { failuresMax, onFailure }: DrainPatience,
): Promise<void> {
  let fromMs: number | undefined
  let failures = 0
  let idle = 0
  for (let drains = 0; drains < DRAINS_MAX; drains++) {
    let report: DrainReport
    try {
      report = await ask({ drain: true, ...(fromMs !== undefined && { fromMs }) })
      failures = 0
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error
      failures++
      if (failures === failuresMax)
        throw new UserError(`${name} failed ${failures} times in a row, at last with ${error.message}`)
      onFailure(error)
      continue
    }
    const { closed = 0, rowsRead = 0, conflicts, isUnfinished, stoppedAtMs } = report
    // An invocation that continued another one reports only its own part, so one more has to start
    // from the beginning.
    if (fromMs === undefined && closed === 0 && conflicts === 0 && !isUnfinished) return
    const isIdle = closed === 0 && rowsRead === 0 && (stoppedAtMs ?? undefined) === fromMs
    idle = isIdle ? idle + 1 : 0
    if (idle === IDLE_DRAINS_MAX) throw new UserError(`${name} is not done, and did no work in ${idle} drains in a row`)
    fromMs = stoppedAtMs ?? undefined
  }
  throw new UserError(`${name} is not done after ${DRAINS_MAX} drains: do producers keep sending events?`)
}

/** Drains the function of a local run. */
export function drainFunction(name: string, invoked: FunctionProcess, patience: DrainPatience): Promise<void> {
  return drainUntilDone(name, async (request) => (await invoked.invoke(request)) as DrainReport, patience)
}
