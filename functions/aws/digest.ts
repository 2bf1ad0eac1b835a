// SHA-256 of a text in, 43 base64url characters out.

import { hash } from 'node:crypto'

export function sha256(text: string): string {
  return hash('sha256', text, 'base64url')
}
