// The one log line of an invocation: a step's counts in, JSON out; never a user, a query or a record.

/** Names the error but leaves its fields out: those of the SDK can hold items. */
export function logReport(
  step: string,
  report: object & { readonly failed?: { readonly cause: unknown } | null },
): void {
  const { failed, ...counts } = report
  if (failed === undefined || failed === null) console.log(JSON.stringify({ step, ...counts }))
  else console.error(JSON.stringify({ step, ...counts, failure: describe(failed.cause) }))
}

function describe(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
}
