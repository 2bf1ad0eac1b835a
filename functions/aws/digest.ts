// SHA-256 of a text in, 43 base64url characters out.

import { createHash } from 'node:crypto'

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
