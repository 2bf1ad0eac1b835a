// Tests which labels a search may have (M4), and that a label of any allowed name is read.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import { areSameCopies } from '../../../functions/domain/events/copies.ts'
import { decodeEvent, parseEvent } from '../../../functions/domain/events/decode.ts'
import { eventBytes, eventBytesAtMost, type SearchEvent } from '../../../functions/domain/events/event.ts'
import { nearMisses } from '../../../functions/domain/events/field-names.ts'
import { at } from '../../support/events.ts'
import { SEED } from '../../support/random-log.ts'

const SEARCH = { type: 'Search', user: 'ann', query: 'dogs', eventId: 'e', time: at(0) }

function decode(labels: unknown) {
  const parsed = parseEvent(JSON.stringify({ ...SEARCH, labels }))
  if (!parsed.ok) throw new Error(parsed.detail)
  return decodeEvent(parsed.value, at(0), {}, sha256)
}

function searchOf(labels: unknown): SearchEvent {
  const decoded = decode(labels)
  if (!decoded.ok) throw new Error(decoded.detail)
  return decoded.event as SearchEvent
}

const named = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`label-${n}`, 'x']))
const NAMES = 'names of 1 to 32 characters of a-z, 0-9, _ and -'
const VALUES = 'texts of at most 64 characters as values'

const name = fc.oneof(fc.stringMatching(/^[a-z0-9_-]{1,32}$/), fc.constantFrom('__proto__', 'constructor', '10', '9'))
const value = fc.string({ unit: 'grapheme', maxLength: 64 }).filter((text) => [...text].length <= 64)
const entries = fc.uniqueArray(fc.tuple(name, value), { selector: ([name]) => name, maxLength: 8 })

describe('the labels of a search', () => {
  it.each<[unknown]>([[undefined], [null], [{}], [{ variant: null }]])('are absent from the event for %j', (labels) => {
    expect(searchOf(labels)).not.toHaveProperty('labels')
  })

  it.each<[unknown, string]>([
    ['shop', 'an object of names and texts'],
    [['shop'], 'an object of names and texts'],
    [7, 'an object of names and texts'],
    [false, 'an object of names and texts'],
    [named(9), 'at most 8'],
    [{ '': 'x' }, NAMES],
    [{ Variant: 'A' }, NAMES],
    [{ 'a.b': 'A' }, NAMES],
    [{ größe: 'A' }, NAMES],
    [{ 'variant\n': 'A' }, NAMES],
    [{ ['v'.repeat(33)]: 'A' }, NAMES],
    [{ variant: 1 }, VALUES],
    [{ variant: true }, VALUES],
    [{ variant: ['A'] }, VALUES],
    [{ variant: { of: 'A' } }, VALUES],
    [{ variant: 'A'.repeat(65) }, VALUES],
    [{ variant: '😀'.repeat(65) }, VALUES],
  ])('reject the event for %j', (labels, expected) => {
    expect(decode(labels)).toEqual({ ok: false, reason: 'invalid-field', detail: `labels: expected ${expected}` })
  })

  it.each<[unknown]>([
    [named(8)],
    [{ variant: '' }],
    [{ variant: ' ' }],
    [{ variant: '😀'.repeat(64) }],
    [{ ['v'.repeat(32)]: 'v'.repeat(64) }],
  ])('are read as sent: %j', (labels) => {
    expect(searchOf(labels).labels).toEqual(labels)
  })

  it('leave out a value that is null, and replace half a character of another', () => {
    const labels = JSON.parse('{"application":null,"variant":"A\\ud83d"}')
    expect(searchOf(labels).labels).toEqual({ variant: 'A\uFFFD' })
  })

  it('are read whatever their names are, those that every object has too', () => {
    fc.assert(
      fc.property(entries, (sent) => {
        const { labels } = searchOf(Object.fromEntries(sent))
        expect(new Map(Object.entries(labels ?? {}))).toEqual(new Map(sent))
        expect(Object.getPrototypeOf(labels ?? {})).toBe(Object.prototype)
      }),
      { seed: SEED },
    )
  })

  it('are equal contents in any order of their names, so that a copy conflicts only if they differ (E2)', () => {
    fc.assert(
      fc.property(entries, (sent) => {
        const search = searchOf(Object.fromEntries(sent))
        expect(areSameCopies(search, searchOf(Object.fromEntries([...sent].reverse())))).toBe(true)
        const other = Object.fromEntries([...sent.slice(1), ['another', 'x']])
        expect(areSameCopies(search, searchOf(other))).toBe(false)
      }),
      { seed: SEED },
    )
  })

  it('count into the bytes of the event, which never has fewer than its stored text', () => {
    const plain = searchOf(undefined)
    fc.assert(
      fc.property(entries, (sent) => {
        const search = searchOf(Object.fromEntries(sent))
        const { labels } = search
        expect(eventBytesAtMost(search)).toBeGreaterThanOrEqual(eventBytes(search))
        if (labels === undefined) expect(eventBytes(search)).toBe(eventBytes(plain))
        else expect(eventBytes(search) - eventBytes(plain)).toBeGreaterThanOrEqual(JSON.stringify(labels).length)
      }),
      { seed: SEED },
    )
  })

  it('are ignored on other events, and their name in capitals is a near miss (E5)', () => {
    const decoded = decodeEvent({ type: 'AppOpen', user: 'ann', labels: 7 }, at(0), {}, sha256)
    expect(decoded.ok).toBe(true)
    expect(nearMisses({ ...SEARCH, LABELS: { variant: 'A' } })).toEqual([{ name: 'LABELS', meant: 'labels' }])
    expect(nearMisses({ ...SEARCH, labels: {}, label: 'x', tags: ['x'] })).toEqual([])
  })
})
