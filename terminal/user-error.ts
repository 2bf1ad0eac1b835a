// Defines errors that a person at the terminal can mend: one sentence, printed without a stack
// trace.

export class UserError extends Error {
  override readonly name: string = 'UserError'
}

/** A mistake in the options or arguments of a command. */
export class UsageError extends UserError {
  override readonly name = 'UsageError'
}
