// Tests that the JSON Schema and the decoder accept exactly the events that the types allow.

import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { decodeEvent } from '../../functions/domain/events/decode.ts'
import type { EventInput } from '../../producer/event.ts'
import { SEED } from '../support/random-log.ts'

const schema = JSON.parse(readFileSync(new URL('../../schema/event.schema.json', import.meta.url), 'utf8'))
const isValid = new Ajv({ strict: true, strictTypes: false, strictRequired: false }).compile(schema)

function isAccepted(event: unknown): boolean {
  const arrived: unknown = JSON.parse(JSON.stringify(event))
  const isDecoded = decodeEvent(arrived, Number.MAX_SAFE_INTEGER, {}, sha256).ok
  expect(isValid(arrived)).toBe(isDecoded)
  return isDecoded
}

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })
// A text that is blank, or stands for no one, is not drawn.
const id = fc.oneof(
  fc.string({ maxLength: 126 }).map((text) => `x${text}`),
  fc.maxSafeInteger(),
)
const sent = {
  user: fc.oneof(id, fc.maxSafeInteger()),
  time: maybe(
    fc.oneof(
      fc.constant('2026-03-02T00:00:00+01:00'),
      fc.nat().map((sinceMs) => Date.UTC(2026) + sinceMs),
    ),
  ),
  eventId: maybe(id),
}
const withSearchId = { ...sent, searchId: maybe(id) }
const count = fc.nat()

/** Draws events by the types. This does not compile where the types allow less. */
const input: fc.Arbitrary<EventInput> = fc.oneof(
  fc.record({ type: fc.constantFrom('AppOpen' as const, 'AppClose' as const, 'Timeout' as const), ...sent }),
  fc.record({ type: fc.constant('Search' as const), ...withSearchId, query: fc.string() }),
  fc.record({
    type: fc.constant('Results' as const),
    ...withSearchId,
    items: fc.array(fc.oneof(fc.string(), fc.maxSafeInteger())),
    resultCount: maybe(count.map((n) => n + 1)),
  }),
  fc.record({ type: fc.constant('Results' as const), ...withSearchId, items: fc.constant(null), resultCount: count }),
  fc.record({
    type: fc.constant('ClickResult' as const),
    ...withSearchId,
    item: id,
    position: maybe(fc.integer({ min: 1 })),
  }),
)

describe('an event of the types', () => {
  it('the schema and the decoder accept each event of the types', () => {
    fc.assert(
      fc.property(input, (event) => {
        expect(isAccepted(event)).toBe(true)
      }),
      { seed: SEED, numRuns: 1000 },
    )
  })

  it('no results may be 0 beside items', () => {
    expect(isAccepted({ type: 'Results', user: 'ann', items: [], resultCount: 0 })).toBe(true)
    expect(isAccepted({ type: 'Results', user: 'ann', items: ['rex'], resultCount: 0 })).toBe(false)
  })

  it('optional fields may be absent', () => {
    const events = [
      { type: 'AppOpen', user: 1 },
      { type: 'Search', user: 'ann', query: '' },
      { type: 'Results', user: 'ann', items: [] },
      { type: 'Results', user: 'ann', resultCount: 0 },
      { type: 'ClickResult', user: 'ann', item: 'rover' },
    ] satisfies EventInput[]
    expect(events.map(isAccepted)).toEqual(events.map(() => true))
  })
})

describe('an event that the types refuse', () => {
  it('the schema and the decoder reject events that the types refuse', () => {
    // @ts-expect-error no query
    const search: EventInput = { type: 'Search', user: 'ann' }
    // @ts-expect-error neither items nor resultCount
    const results: EventInput = { type: 'Results', user: 'ann' }
    // @ts-expect-error no item
    const click: EventInput = { type: 'ClickResult', user: 'ann' }
    // @ts-expect-error no user
    const open: EventInput = { type: 'AppOpen' }
    // @ts-expect-error another type
    const other: EventInput = { type: 'Purchase', user: 'ann' }
    // @ts-expect-error a position is a number
    const position: EventInput = { type: 'ClickResult', user: 'ann', item: 'rover', position: '1' }
    expect([search, results, click, open, other, position].map(isAccepted)).toEqual(Array(6).fill(false))
  })
})
