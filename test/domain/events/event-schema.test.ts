// Tests that the published schema and the decoder accept the same events.

import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import { decodeEvent } from '../../../functions/domain/events/decode.ts'
import { SEED } from '../../support/random-log.ts'

const schema = JSON.parse(readFileSync(new URL('../../../schema/event.schema.json', import.meta.url), 'utf8'))
// Draft 7 ignores the siblings of a $ref, where the schema has its descriptions.
const isValid = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allErrors: false }).compile(schema)

const ZERO_UUIDS = ['00000000-0000-0000-0000-000000000000', '0'.repeat(32), '0'.repeat(31)]
const of = <T>(...values: T[]) => fc.constantFrom(...values)
const texts = (max: number) =>
  fc.oneof(
    fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
    of('x'.repeat(max), 'x'.repeat(max + 1), '😀'.repeat(max), '😀'.repeat(max + 1), ''),
  )
const wrong = of<unknown>(true, {}, [], 1.5, 'text', 7, null, -1, 0, 2 ** 53)

const NO_ONES = of<unknown>('null', 'NULL', ' Undefined ', '[object Object]', 'NaN', ' ', '\u3000', ...ZERO_UUIDS)

/** Usually a valid value, sometimes one of a wrong kind, sometimes none. */
const usually = (good: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 6, arbitrary: good }, { weight: 1, arbitrary: wrong }, { weight: 1, arbitrary: of(undefined) })

const labelNames = fc.oneof(
  { weight: 30, arbitrary: fc.stringMatching(/^[a-z0-9_-]{1,32}$/) },
  { weight: 1, arbitrary: of('__proto__', 'constructor', 'Variant', 'a.b', 'ä', '', 'a\n', 'a'.repeat(33)) },
)
const labelValues = fc.oneof(
  { weight: 30, arbitrary: fc.string({ maxLength: 64, unit: 'grapheme-ascii' }) },
  { weight: 2, arbitrary: texts(64) },
  { weight: 1, arbitrary: of<unknown>(null, 7, true, {}, ['x']) },
)
const labels = fc.array(fc.tuple(labelNames, labelValues), { maxLength: 10 }).map((all) => Object.fromEntries(all))

const sent = fc.record({
  type: fc.oneof(
    { weight: 9, arbitrary: of<unknown>('AppOpen', 'Search', 'Results', 'ClickResult', 'AppClose', 'Timeout') },
    { weight: 1, arbitrary: of<unknown>('search', 7, null, undefined, 'toString') },
  ),
  user: usually(fc.oneof(texts(256), fc.maxSafeInteger(), NO_ONES)),
  time: usually(
    of<unknown>(
      '2026-03-02T00:00:00Z',
      '2026-03-02T01:00+01',
      '1999-12-31T23:59:59Z',
      '2026-03-02',
      '0000-00-00',
      Date.UTC(2000),
      Date.UTC(2000) - 1,
      Date.UTC(2026),
      1_772_442_005,
      1_772_442_005_000_000,
      0,
      1e300,
      '',
    ),
  ),
  eventId: usually(fc.oneof(texts(128), fc.maxSafeInteger())),
  searchId: usually(fc.oneof(texts(128), fc.maxSafeInteger())),
  query: usually(texts(1024)),
  labels: usually(labels),
  items: usually(
    fc.oneof(
      fc.array(texts(512), { maxLength: 5 }),
      of<unknown>(Array(1000).fill('x'), Array(1001).fill('x'), [7], [1.5]),
    ),
  ),
  resultCount: usually(fc.nat()),
  offset: usually(fc.nat()),
  item: usually(fc.oneof(texts(512), fc.maxSafeInteger())),
  position: usually(fc.nat()),
})

const decodes = (value: unknown): boolean => decodeEvent(value, Number.MAX_SAFE_INTEGER, {}, sha256).ok

describe('the published schema', () => {
  it('accepts with the schema exactly the events that the decoder accepts', () => {
    let accepted = 0
    const check = (value: Readonly<Record<string, unknown>>) => {
      const arrived = JSON.parse(JSON.stringify(value))
      const ok = decodes(arrived)
      if (ok) accepted++
      expect(isValid(arrived), JSON.stringify(arrived).slice(0, 400)).toBe(ok)
    }
    fc.assert(fc.property(sent, check), { seed: SEED, numRuns: 5000 })
    expect(accepted).toBeGreaterThan(500)
  })

  it.each([null, 7, 'Search', [], {}])('rejects %j with the schema and the decoder', (value) => {
    expect(isValid(value)).toBe(false)
    expect(decodes(value)).toBe(false)
  })
})
