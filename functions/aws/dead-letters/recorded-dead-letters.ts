// Dead letters of one invocation: where they are put in, the same with a list of what was put there out.

import type { DeadLetter, DeadLetters } from '../../ports.ts'

/** Only those whose `put` came through. */
export function recordedDeadLetters({ put }: DeadLetters): DeadLetters & { readonly letters: readonly DeadLetter[] } {
  const letters: DeadLetter[] = []
  return {
    letters,
    put: async (more) => {
      await put(more)
      for (const letter of more) letters.push(letter)
    },
  }
}
