// The schedule: a rule of the template in, its function invoked with the rule's input at every tick out.

import { setTimeout as wait } from 'node:timers/promises'
import type { ScheduleSpec } from '../template/pipeline-spec.ts'
import { FunctionError, type FunctionProcess } from './function-process.ts'

export interface Schedule {
  /** Resolves when no tick is under way any more. */
  stop(): Promise<void>
  /** Throws what ended the schedule by itself. */
  readonly ended: Promise<void>
}

/** A minute passes in a second: the one thing about a schedule that is not the template's. */
const SPEED = 60

/** Like EventBridge without retries: a tick whose invocation fails is left to the next one. */
export function startSchedule(schedule: ScheduleSpec, invoked: FunctionProcess): Schedule {
  const stopped = new AbortController()
  const loop = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await wait(schedule.everyMs / SPEED, undefined, { signal: stopped.signal })
      try {
        await invoked.invoke(schedule.input)
      } catch (error) {
        if (!(error instanceof FunctionError)) throw error
      }
    }
  }
  const ended = loop().catch((error) => {
    if (!stopped.signal.aborted) throw error
  })
  ended.catch(() => {})
  return {
    ended,
    stop: async () => {
      stopped.abort()
      await ended.catch(() => {})
    },
  }
}
