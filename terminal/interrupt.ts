// Ctrl-C and other requests to end: a clean-up in, the process ended after it out.

import { EXIT } from './exit-codes.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

let whenInterrupted: () => void = () => {}

/** Cleans up once and ends the process; a second request ends it at once. */
export function onInterrupt(cleanUp: () => Promise<void>): { forget(): void } {
  let isEnding = false
  const end = (): void => {
    if (isEnding) process.exit(EXIT.interrupted)
    isEnding = true
    whenInterrupted()
    cleanUp().finally(() => process.exit(EXIT.interrupted))
  }
  for (const signal of SIGNALS) process.on(signal, end)
  return {
    forget: () => {
      whenInterrupted()
      for (const signal of SIGNALS) process.off(signal, end)
    },
  }
}

export interface Steps {
  take(step: () => Promise<void>): Promise<void>
  /** Resolves when the step under way has ended, well or not. */
  end(): Promise<void>
}

/** Work that an interruption does not break off in the middle: the step under way is finished, no other is begun. */
export function wholeSteps(): Steps {
  let underWay: Promise<void> = Promise.resolve()
  let isEnding = false
  return {
    take: (step) => {
      // The process ends meanwhile.
      if (isEnding) return new Promise(() => {})
      underWay = step()
      return underWay
    },
    end: () => {
      isEnding = true
      return underWay.catch(() => {})
    },
  }
}

/** Keeps the process alive until the first request to end, or until that is forgotten. */
export function untilInterrupted(): Promise<never> {
  // Timers keep a process alive, promises do not.
  const alive = setInterval(() => {}, 60_000)
  return new Promise(() => {
    whenInterrupted = () => clearInterval(alive)
  })
}
