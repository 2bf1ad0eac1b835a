// Ends a command in order when the user interrupts it, for example with Ctrl-C.

import { setImmediate } from 'node:timers/promises'
import { EXIT } from './exit-codes.ts'
import type { Shell } from './terminal.ts'

export interface Interrupt {
  /** Keeps the process alive until the user interrupts it or `ignore` is called. Never resolves. */
  wait(): Promise<never>
  /** From now on an interruption no longer runs the clean-up. */
  ignore(): void
}

/**
 * Runs the clean-up at the first interruption, then ends the command. A second interruption ends
 * the command at once.
 */
export function onInterrupt(shell: Pick<Shell, 'onSignal' | 'end'>, cleanUp: () => Promise<void>): Interrupt {
  let isEnding = false
  let alive: NodeJS.Timeout | undefined
  const end = (): void => shell.end(EXIT.interrupted)
  const removeListener = shell.onSignal(() => {
    if (isEnding) return end()
    isEnding = true
    clearInterval(alive)
    cleanUp().then(end, end)
  })
  return {
    wait: () => {
      // Timers keep a process alive, promises do not.
      alive = setInterval(() => {}, 60_000)
      return new Promise(() => {})
    },
    ignore: () => {
      clearInterval(alive)
      removeListener()
    },
  }
}

export interface Tasks {
  /** Never resolves after `end`, because the command is ending. */
  run(task: () => Promise<void>): Promise<void>
  /** Resolves when the running task has succeeded or failed. */
  end(): Promise<void>
}

/**
 * Work that an interruption does not stop midway: the running task finishes, and no other starts.
 */
export function wholeTasks(): Tasks {
  let running: Promise<void> = Promise.resolve()
  let isEnding = false
  return {
    run: (task) => {
      if (isEnding) return new Promise(() => {})
      running = task()
      return running
    },
    end: () => {
      isEnding = true
      return running.catch(() => {})
    },
  }
}

/**
 * Lets signals reach the process. Work that waits only for memory calls it now and then, since no
 * Ctrl-C would end it otherwise.
 */
export function forSignals(): Promise<void> {
  return setImmediate()
}
