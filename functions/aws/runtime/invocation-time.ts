// Reports to all parts of a function whether the running invocation has time left.

import type { Context } from 'aws-lambda'

export interface InvocationTime {
  /** Call it first in each invocation. A container runs one invocation at a time. */
  begin(context: Pick<Context, 'getRemainingTimeInMillis'>): void
  /** Returns false shortly before Lambda ends the invocation. */
  hasTime(): boolean
}

/** @param reserveMs the time to finish writes before Lambda ends the invocation. */
export function invocationTime(reserveMs: number): InvocationTime {
  let remainingMs = (): number => Number.POSITIVE_INFINITY
  return {
    begin: (context) => {
      remainingMs = () => context.getRemainingTimeInMillis()
    },
    hasTime: () => remainingMs() > reserveMs,
  }
}
