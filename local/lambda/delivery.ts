// Delivers a batch as an event source mapping does: it retries, halves, and gives up records that
// fail for too long.

import { MINUTE_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import { UserError } from '../../terminal/user-error.ts'
import type { MappingSpec } from '../template/pipeline-spec.ts'

export interface Delivered<R> {
  /** How many records the function processed. */
  readonly succeeded: number
  /** The records that were given up and went to the failure destination. */
  readonly failed: readonly R[]
}

export interface Invoker<R> {
  /** Invokes the function with these records. Returns its reply, or throws its error. */
  invoke(records: readonly R[]): Promise<unknown>
  sequenceNumber(record: R): string
  /** Writes a batch that was given up to the failure destination. */
  discard(records: readonly R[], cause: string): Promise<void>
}

/**
 * Lambda waits longer after every try. The local run does not wait: it only adds the waits up and
 * compares them with the record age that ends the tries.
 */
const FIRST_WAIT_MS = SECOND_MS
const LONGEST_WAIT_MS = 5 * MINUTE_MS

/**
 * Delivers the records in order. After a partial failure the next try begins at the lowest failed
 * record. After a function error the batch is halved if the mapping asks for it. Halving does not
 * count as a try.
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
      // The batch made progress, so tries and waits start anew for the record that failed.
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
  /** Index of the first record to redeliver; null if the whole batch succeeded. */
  readonly failedAt: number | null
  readonly isFunctionError: boolean
  readonly cause: string
}

async function attempt<R>(records: readonly R[], mapping: MappingSpec, invoker: Invoker<R>): Promise<Attempt> {
  let reply: unknown
  try {
    reply = await invoker.invoke(records)
  } catch (error) {
    // A UserError reports a mistake in the stack, which no retry can repair.
    if (error instanceof UserError) throw error
    return { failedAt: 0, isFunctionError: true, cause: error instanceof Error ? error.message : String(error) }
  }
  const failures = mapping.reportsFailures ? reportedFailures(reply) : []
  if (failures === null) return { failedAt: 0, isFunctionError: false, cause: 'malformed batch reply' }
  if (failures.length === 0) return { failedAt: null, isFunctionError: false, cause: '' }
  const indexes = failures.map((failure) => records.findIndex((record) => invoker.sequenceNumber(record) === failure))
  // An identifier that is not in the batch makes the whole batch fail, as in Lambda.
  return { failedAt: Math.max(0, Math.min(...indexes)), isFunctionError: false, cause: 'partial batch failure' }
}

/** Returns null for a malformed reply, which makes the whole batch fail, as in Lambda. */
function reportedFailures(reply: unknown): string[] | null {
  const { batchItemFailures } = (reply ?? {}) as { batchItemFailures?: { itemIdentifier: string }[] }
  if (batchItemFailures === undefined || batchItemFailures === null) return []
  return Array.isArray(batchItemFailures) ? batchItemFailures.map((failure) => failure.itemIdentifier) : null
}
