// Stands for EventBridge: invokes a function at the rate of a scheduled rule.

import { setTimeout as wait } from 'node:timers/promises'
import type { ScheduleSpec } from '../template/pipeline-spec.ts'
import { FunctionError, type FunctionProcess } from './function-process.ts'

export interface Schedule {
  /** Ends the schedule after the invocation that is under way. */
  stop(): Promise<void>
  /** Resolves after `stop`, and rejects if an error ended the schedule. */
  readonly ended: Promise<void>
}

/** A minute of the rule's rate takes a second. */
const SPEED = 60

/** Does not retry an invocation that fails: the next one does its work. */
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
