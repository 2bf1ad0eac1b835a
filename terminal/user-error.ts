// A mistake of the person at the terminal: one sentence that says what to do, never shown with a stack trace.

export class UserError extends Error {}

/** Of what was typed, so that reading the help would have spared it. */
export class UsageError extends UserError {}
