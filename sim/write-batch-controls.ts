// Defines the negative controls of write batches: a wrong writer, and a wrong use of known states.

import type { ItemWriter } from '../functions/aws/runtime/item-writer.ts'
import type { FinalizePorts } from '../functions/finalize/finalize.ts'
import type { ClosedChange } from '../functions/ports.ts'

/**
 * `item-twice`: takes every write for one of another table, so that the writer may put two for one
 * item in a batch. DynamoDB refuses such a batch whole. The writer drops it, as no retry helps.
 */
export function ignoringKeys(writer: ItemWriter): ItemWriter {
  let writes = 0
  return {
    put: (table, item, condition) =>
      writer.put(`${table}#${writes++}`, item, condition).catch((error: unknown) => {
        if (error instanceof Error && error.name === 'ValidationException') return null
        throw error
      }),
  }
}

/**
 * `item-twice`: takes a change for the latest of its session, and its rows for new ones. The rows
 * of two changes then end as they should, whatever their order, unless they share a batch.
 */
export function takenForLatest(
  { version }: ClosedChange,
  { sessions, results, ...ports }: FinalizePorts,
): FinalizePorts {
  return {
    ...ports,
    sessions: {
      closedVersion: async (...item) => ((await sessions.closedVersion(...item)) === null ? null : version),
    },
    results: { ...results, put: (row, expiresAtMs) => results.put(row, expiresAtMs) },
  }
}
