// Takes as many records of a stream as Lambda passes to one invocation.

/** Lambda passes at most 6 MB to an invocation. */
export const PAYLOAD_BYTES_MAX = 6 * 1024 * 1024
/** The size of a record in the invocation's JSON, without its data. */
export const ENVELOPE_BYTES = 556

/**
 * Returns the first of the records: one at least, unless there is none.
 *
 * @param dataOf returns the data of a record in base64.
 */
export function firstBatch<R>(waiting: readonly R[], batchSize: number, dataOf: (record: R) => string): R[] {
  const batch: R[] = []
  let bytes = 0
  for (const record of waiting.slice(0, batchSize)) {
    bytes += ENVELOPE_BYTES + dataOf(record).length
    if (batch.length > 0 && bytes > PAYLOAD_BYTES_MAX) break
    batch.push(record)
  }
  return batch
}
