// What only some batches need: settings in, ports that load their SDK client when they are first called out.

import type { DeadLetters } from '../../ports.ts'
import { once } from './once.ts'
import type { Pseudonym } from './pseudonym.ts'

/** The S3 client is a third of what ingest loads, and most batches have no dead letter. */
export function lazyDeadLetters(bucket: string): DeadLetters {
  const load = once(async () => (await import('../dead-letters/dead-letter-bucket.ts')).bucketDeadLetters(bucket))
  return { put: async (letters) => (await load()).put(letters) }
}

/** A user is stored as sent where there is no secret. */
export function lazyPseudonym(secret: string | null): () => Promise<Pseudonym> {
  if (secret === null) return async () => (user) => user
  const load = once(async () => (await import('./pseudonym.ts')).storedPseudonym(secret))
  return async () => (await load())()
}
