// Tests that a JSON array splits into its elements, and that only an array does.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { elementTexts } from '../../../functions/domain/events/json-array.ts'
import { SEED } from '../../support/random-log.ts'

const MANY = 1000

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The array that the element texts make up; null if one of them is not JSON. */
function arrayOf(text: string): unknown[] | null {
  const texts = elementTexts(text, MANY)
  return texts?.every(isJson) ? texts.map((element) => JSON.parse(element)) : null
}

function parsedArray(text: string): unknown {
  const value: unknown = isJson(text) ? JSON.parse(text) : null
  return Array.isArray(value) ? value : null
}

describe('an array', () => {
  it('splits an array into the texts of its elements', () => {
    const spaces = fc.constantFrom(undefined, 1, '\t', ' \r\n')
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 20 }), spaces, (values, indent) => {
        expect(arrayOf(` ${JSON.stringify(values, null, indent)}\n`)).toEqual(JSON.parse(JSON.stringify(values)))
      }),
      { seed: SEED, numRuns: 500 },
    )
  })

  it('takes a text for an array exactly if JSON.parse does', () => {
    const part = fc.constantFrom('[', ']', '{', '}', ',', ':', '"', '\\', '\\"', '1', '"a"', ' ', '\u00a0', '{}', '[]')
    const text = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          text.map((inner) => `[${inner}]`),
        ),
        (sent) => {
          expect(arrayOf(sent)).toEqual(parsedArray(sent))
        },
      ),
      { seed: SEED, numRuns: 20_000 },
    )
  })

  it.each(['[]', '[ \n]', ' [] '])('splits an empty array into no elements: %j', (text) =>
    expect(elementTexts(text, MANY)).toEqual([]),
  )

  it('preserves digits that a parsed number would lose', () => {
    expect(elementTexts('[{"user":12345678901234567890}]', MANY)).toEqual(['{"user":12345678901234567890}'])
  })

  it('stops splitting after one element too many', () => {
    expect(elementTexts(`[${'0,'.repeat(10_000)}0]`, MANY)).toHaveLength(MANY + 1)
  })
})

describe('a text that is no array', () => {
  it.each(['', ' ', '{}', '"[]"', '[', '[1', '[1]]', '[1] [2]', '["]', '["\\"]', '1,2'])(
    'returns null for a text that is no array: %j',
    (text) => {
      expect(elementTexts(text, MANY)).toBeNull()
    },
  )
})
