// Puts dead letters into their bucket, and loads the S3 client only for the first one.

import type { DeadLetters, UnreadChanges } from '../../ports.ts'
import { once } from '../runtime/once.ts'

/** The S3 client is a third of the code that a function would load. Most batches need no S3. */
export function lazyDeadLetters(bucket: string): DeadLetters {
  const load = once(async () => (await import('./dead-letter-bucket.ts')).bucketDeadLetters(bucket))
  return { put: async (deadLetters) => (await load()).put(deadLetters) }
}

export function lazyUnreadChanges(bucket: string): UnreadChanges {
  const load = once(async () => (await import('./dead-letter-bucket.ts')).bucketUnreadChanges(bucket))
  return { put: async (change) => (await load()).put(change) }
}
