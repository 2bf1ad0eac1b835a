// Computes SHA-256 digests, and caches those of the latest texts.

import { hash } from 'node:crypto'

/** The size of one generation of the cache. Two generations take at most about ten megabytes. */
const CACHED_MAX = 16_384
/** Longer texts are rarely digested twice, and would take more memory. */
const CACHED_CHARACTERS_MAX = 128

let recent = new Map<string, string>()
let earlier: ReadonlyMap<string, string> = new Map()

/**
 * Returns 43 base64url characters. The cache saves time because the same items are listed again and
 * again: a digest takes half a microsecond, and a list of ten items needs ten digests.
 */
export function sha256(text: string): string {
  if (text.length > CACHED_CHARACTERS_MAX) return hash('sha256', text, 'base64url')
  const known = recent.get(text)
  if (known !== undefined) return known
  const digest = earlier.get(text) ?? hash('sha256', text, 'base64url')
  if (recent.size >= CACHED_MAX) {
    earlier = recent
    recent = new Map()
  }
  recent.set(text, digest)
  return digest
}
