// Records the dead letters that one invocation has put, so that its reply can name them.

import type { DeadLetter, DeadLetters } from '../../ports.ts'

export interface RecordedDeadLetters extends DeadLetters {
  /** The dead letters whose `put` succeeded, in order. */
  readonly recorded: readonly DeadLetter[]
}

export function recordedDeadLetters({ put }: DeadLetters): RecordedDeadLetters {
  const recorded: DeadLetter[] = []
  return {
    recorded,
    put: async (deadLetters) => {
      await put(deadLetters)
      for (const deadLetter of deadLetters) recorded.push(deadLetter)
    },
  }
}
