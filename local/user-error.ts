// A mistake of the person at the terminal: one sentence that says what to do, never shown with a stack trace.

export class UserError extends Error {}
