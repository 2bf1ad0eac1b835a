// Tests that the cache of digests changes no digest.

import { expect, it } from 'vitest'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'

it('returns a digest from the cache as it was computed', () => {
  const texts = Array.from({ length: 40_000 }, (_, n) => `item ${n}`)
  const first = texts.map(sha256)
  expect(first.slice(-20_000)).toEqual(texts.slice(-20_000).map(sha256))
  expect(first).toEqual(texts.map(sha256))
  expect(sha256('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0')
})
