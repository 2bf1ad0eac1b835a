// SHA-256 of a text in, 43 base64url characters out.

import { hash } from 'node:crypto'

/** Texts of one generation. Two are kept: at most some ten megabytes, since no longer texts than these are. */
const REMEMBERED_MAX = 16_384
const REMEMBERED_CHARACTERS_MAX = 128

let recent = new Map<string, string>()
let earlier: ReadonlyMap<string, string> = new Map()

/**
 * Digests of the latest texts are remembered: items are listed again and again, and clicked after they were listed. A
 * digest takes half a microsecond, and a list of ten items ten of them.
 */
export function sha256(text: string): string {
  if (text.length > REMEMBERED_CHARACTERS_MAX) return hash('sha256', text, 'base64url')
  const known = recent.get(text)
  if (known !== undefined) return known
  const digest = earlier.get(text) ?? hash('sha256', text, 'base64url')
  if (recent.size >= REMEMBERED_MAX) {
    earlier = recent
    recent = new Map()
  }
  recent.set(text, digest)
  return digest
}
