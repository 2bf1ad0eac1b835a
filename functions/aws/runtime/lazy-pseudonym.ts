// Returns a pipeline's pseudonyms, and loads the SDK client for the secret only at the first call.

import { once } from './once.ts'
import type { Pseudonym } from './pseudonym.ts'

/** Without a secret, users are stored under the ids that producers send. */
export function lazyPseudonym(secret: string | null): () => Promise<Pseudonym> {
  if (secret === null) return async () => (user) => user
  const load = once(async () => (await import('./pseudonym.ts')).storedPseudonym(secret))
  return async () => (await load())()
}
