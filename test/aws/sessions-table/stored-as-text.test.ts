// Tests that sessions are stored as text only in items of one write unit.

import { marshall } from '@aws-sdk/util-dynamodb'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WRITE_UNIT_BYTES } from '../../../functions/aws/runtime/item-bytes.ts'
import { splitSessions } from '../../../functions/aws/sessions-table/session-blocks.ts'
import { closedItem, stateItem } from '../../../functions/aws/sessions-table/session-items.ts'
import { nonEmpty } from '../../../functions/domain/non-empty.ts'
import type { Session } from '../../../functions/domain/sessions/session.ts'
import { NEW_USER, type UserState } from '../../../functions/domain/sessions/user-state.ts'
import { type Attributes, attributesBytes } from '../../../local/proxy/request-rules/attribute-values.ts'
import { bare, search } from '../../support/events.ts'

const SEED = 16
const START_MS = Date.parse('2026-03-02T09:00:00.000Z')
const EXPIRES_AT_MS = START_MS + 10 ** 10

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
const events = fc
  .array(fc.tuple(text, text), { minLength: 1, maxLength: 30 })
  .map((pairs) =>
    nonEmpty(
      pairs.map(([eventId, query], n) =>
        n % 2 === 0
          ? search(START_MS + n * 1000, { eventId, query })
          : bare('AppOpen', START_MS + n * 1000, { eventId }),
      ),
    ),
  )
const session = fc
  .record({ id: text, events })
  .map(({ id, events }): Session => ({ ids: [id], continues: null, limitedBy: null, events }))
const closedIds = fc.array(
  fc.record({
    foundedAtMs: fc.constant(START_MS),
    hashes: fc.array(fc.nat(65_535), { maxLength: 50 }),
  }),
  { maxLength: 20 },
)
const state = fc.record({ open: fc.array(session, { minLength: 1, maxLength: 3 }), closedIds }).map(
  (given): UserState => ({
    ...given,
    version: Number.MAX_SAFE_INTEGER,
    skewMs: -Number.MAX_SAFE_INTEGER,
    lastAffectingTimeMs: Number.MAX_SAFE_INTEGER,
    forgotten: { atMs: EXPIRES_AT_MS, untilMs: EXPIRES_AT_MS + 12_345, pendingTombstones: [] },
  }),
)
const user = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 256 })

/** An UPDATE stores NULL for each attribute without a value. */
function updatedBytes(item: Readonly<Record<string, unknown>>): number {
  const stored = Object.fromEntries(Object.entries(item).map(([name, value]) => [name, value ?? null]))
  return attributesBytes(marshall(stored) as unknown as Attributes)
}

function writeUnits(item: Readonly<Record<string, unknown>>): number {
  return Math.ceil(updatedBytes(item) / WRITE_UNIT_BYTES)
}

describe('sessions stored as text', () => {
  it('are in a state of one write unit', () => {
    let texts = 0
    fc.assert(
      fc.property(user, state, (name, given) => {
        const item = stateItem(name, given, EXPIRES_AT_MS, splitSessions(given.open, given.version, new WeakMap()))
        if (typeof item.sessions !== 'string') return
        texts++
        expect(writeUnits(item)).toBe(1)
      }),
      { seed: SEED, numRuns: 500 },
    )
    expect(texts).toBeGreaterThan(50)
  })

  it('are in a closed session of one write unit', () => {
    let texts = 0
    fc.assert(
      fc.property(user, session, (name, given) => {
        const closed = { user: name, session: given, reason: 'max_duration', version: Number.MAX_SAFE_INTEGER } as const
        const item = closedItem(closed, EXPIRES_AT_MS)
        if (typeof item.sessions !== 'string') return
        texts++
        expect(writeUnits(item)).toBe(1)
      }),
      { seed: SEED, numRuns: 500 },
    )
    expect(texts).toBeGreaterThan(50)
  })

  it('fill a write unit but for eight bytes before they are deflated', () => {
    const stored = (queryLength: number) => {
      const only = search(START_MS, { eventId: 'e1', query: 'q'.repeat(queryLength) })
      const open: Session[] = [{ ids: ['a'], continues: null, limitedBy: null, events: [only] }]
      return stateItem('ann', { ...NEW_USER, version: 1, skewMs: 0, open }, EXPIRES_AT_MS)
    }
    const texts = Array.from({ length: 1025 }, (_, length) => stored(length)).filter(
      ({ sessions }) => typeof sessions === 'string',
    )
    const sizes = texts.map(updatedBytes)
    expect(Math.max(...sizes)).toBe(WRITE_UNIT_BYTES - 8)
  })
})
