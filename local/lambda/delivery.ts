// Delivery of one batch as an event source mapping does it: records in, invocations with retries and halving, and at last
// the failure destination out.

import { UserError } from '../../terminal/user-error.ts'
import type { MappingSpec } from '../template/pipeline-spec.ts'

export interface Delivered<R> {
  /** What came to the function, in the end without failure. */
  readonly succeeded: number
  /** What was given up and went to the failure destination. */
  readonly failed: readonly R[]
}

export interface Invoker<R> {
  /** Invokes the function with these records; its reply, or a throw for a function error. */
  invoke(records: readonly R[]): Promise<unknown>
  sequenceNumber(record: R): string
  /** Keeps a batch that was given up. */
  discard(records: readonly R[], cause: string): Promise<void>
}

/** Lambda waits longer from try to try; here the waits only add up, against the age that ends the tries. */
const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 5 * 60 * 1000

/**
 * Delivers in order. After a partial failure the next try begins at the lowest failed record; after a function error
 * the batch is halved where the mapping says so, which does not count as a try.
 */
export async function deliver<R>(
  records: readonly R[],
  mapping: MappingSpec,
  invoker: Invoker<R>,
): Promise<Delivered<R>> {
  let rest = records
  let waitedMs = 0
  for (let tries = 0; rest.length > 0; tries++) {
    const outcome = await attempt(rest, mapping, invoker)
    if (outcome.failedAt === null) return { succeeded: records.length, failed: [] }
    rest = rest.slice(outcome.failedAt)
    if (outcome.isFunctionError && mapping.bisects && rest.length > 1) {
      const middle = Math.ceil(rest.length / 2)
      const first = await deliver(rest.slice(0, middle), mapping, invoker)
      const second = await deliver(rest.slice(middle), mapping, invoker)
      const failed = [...first.failed, ...second.failed]
      return { succeeded: records.length - failed.length, failed }
    }
    if (outcome.failedAt > 0) {
      // It got further, so the record that it stands before now is tried for the first time.
      tries = 0
      waitedMs = 0
    }
    waitedMs += Math.min(FIRST_WAIT_MS * 2 ** tries, LONGEST_WAIT_MS)
    const isOutOfTries = mapping.retriesMax >= 0 && tries >= mapping.retriesMax
    const isTooOld = mapping.recordAgeMsMax >= 0 && waitedMs > mapping.recordAgeMsMax
    if (isOutOfTries || isTooOld) {
      await invoker.discard(rest, outcome.cause)
      return { succeeded: records.length - rest.length, failed: rest }
    }
  }
  return { succeeded: records.length, failed: [] }
}

interface Attempt {
  /** Index of the first record to deliver again; null when all is well. */
  readonly failedAt: number | null
  readonly isFunctionError: boolean
  readonly cause: string
}

async function attempt<R>(records: readonly R[], mapping: MappingSpec, invoker: Invoker<R>): Promise<Attempt> {
  let reply: unknown
  try {
    reply = await invoker.invoke(records)
  } catch (error) {
    // No repetition makes up for a mistake in the stack.
    if (error instanceof UserError) throw error
    return { failedAt: 0, isFunctionError: true, cause: error instanceof Error ? error.message : String(error) }
  }
  const failures = mapping.reportsFailures ? reportedFailures(reply) : []
  if (failures === null) return { failedAt: 0, isFunctionError: false, cause: 'malformed batch reply' }
  if (failures.length === 0) return { failedAt: null, isFunctionError: false, cause: '' }
  const indexes = failures.map((failure) => records.findIndex((record) => invoker.sequenceNumber(record) === failure))
  // Lambda takes a name that is not of the batch for a failure of all of it.
  return { failedAt: Math.max(0, Math.min(...indexes)), isFunctionError: false, cause: 'partial batch failure' }
}

/** Null for a reply of the wrong shape, which Lambda takes for a failure of the whole batch. */
function reportedFailures(reply: unknown): string[] | null {
  const { batchItemFailures } = (reply ?? {}) as { batchItemFailures?: { itemIdentifier: string }[] }
  if (batchItemFailures === undefined || batchItemFailures === null) return []
  return Array.isArray(batchItemFailures) ? batchItemFailures.map((failure) => failure.itemIdentifier) : null
}
