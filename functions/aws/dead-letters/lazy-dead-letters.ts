// Puts dead letters into their bucket, and loads the S3 client only for the first one.

import type { DeadLetters } from '../../ports.ts'
import { once } from '../runtime/once.ts'

/** The S3 client is a third of the code that ingest would load. Most batches need no S3. */
export function lazyDeadLetters(bucket: string): DeadLetters {
  const load = once(async () => (await import('./dead-letter-bucket.ts')).bucketDeadLetters(bucket))
  return { put: async (deadLetters) => (await load()).put(deadLetters) }
}
