// Tests that the strings and integers of a text are found, in steps that grow with its length only.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonTokens } from '../../../functions/domain/events/json-tokens.ts'
import { SEED } from '../../support/random-log.ts'

/** The same search as a pattern, whose steps grow with the square of the length. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+/gs

const text = fc.string({ unit: fc.constantFrom('"', '\\', '-', '0', '7', 'a', ' ', '\n', '{'), maxLength: 40 })

/** Returns how often the search reads a character of the text. */
function reads(hostile: string): number {
  let count = 0
  const charCodeAt = (index: number): number => {
    count++
    return hostile.charCodeAt(index)
  }
  const characters = { length: hostile.length, charCodeAt, slice: hostile.slice.bind(hostile) }
  Array.from(jsonTokens(characters))
  return count
}

describe('the tokens of a text', () => {
  it('tokens are strings with their quotes and integers, whatever stands between them', () => {
    expect([...jsonTokens('{"user":"an\\"n","n":-12,x 7')]).toEqual(['"user"', '"an\\"n"', '"n"', '-12', '7'])
  })

  it('tokens are only integers after a quote that nothing closes', () => {
    expect([...jsonTokens('{"user":"ann, 5, \\"6\\"')]).toEqual(['"user"', '5', '6'])
  })

  it('tokens are those that a pattern finds', () => {
    fc.assert(
      fc.property(text, (any) => {
        expect([...jsonTokens(any)]).toEqual([...any.matchAll(TOKEN)].map(([token]) => token))
      }),
      { seed: SEED, numRuns: 5000 },
    )
  })

  it('tokens are found with at most six reads of each character, in texts that repeat anything', () => {
    fc.assert(
      fc.property(text, text, (start, part) => {
        const hostile = start + part.repeat(200)
        expect(reads(hostile)).toBeLessThanOrEqual(6 * hostile.length)
      }),
      { seed: SEED, numRuns: 500 },
    )
  })

  it.each([
    ['quotes that nothing closes', '"\\'],
    ['escaped quotes', '\\"'],
    ['signs', '-'],
    ['digits', '1'],
    ['backslashes', '\\'],
  ])('tokens are found with at most six reads of each of a million characters: %s', (_, part) => {
    const hostile = part.repeat(1_000_000 / part.length)
    expect(reads(hostile)).toBeLessThanOrEqual(6 * hostile.length)
  })
})
