// Checks which events pass a filter of an event source mapping.

import { describe, expect, it } from 'vitest'
import { matches, type Pattern } from '../../../local/template/event-pattern.ts'

/** The filter of finalize. */
const CLOSED: Pattern = {
  eventName: ['INSERT', 'MODIFY'],
  dynamodb: { NewImage: { kind: { S: ['closed', 'tombstone'] } } },
}

function change(eventName: string, kind?: unknown): object {
  return {
    eventName,
    eventID: '1',
    dynamodb: { NewImage: { pk: { S: 'u#ann' }, ...(kind !== undefined && { kind }) } },
  }
}

describe('a pattern', () => {
  it('passes an event with one of the listed values in every field', () => {
    expect(matches(CLOSED, change('INSERT', { S: 'closed' }))).toBe(true)
    expect(matches(CLOSED, change('MODIFY', { S: 'tombstone' }))).toBe(true)
  })

  it('stops an event with a value that is not listed', () => {
    expect(matches(CLOSED, change('REMOVE', { S: 'closed' }))).toBe(false)
    expect(matches(CLOSED, change('INSERT', { S: 'open' }))).toBe(false)
  })

  it('stops an event without a field of the filter', () => {
    expect(matches(CLOSED, change('INSERT'))).toBe(false)
    expect(matches(CLOSED, { eventName: 'INSERT', dynamodb: { OldImage: { kind: { S: 'closed' } } } })).toBe(false)
    expect(matches(CLOSED, { eventName: 'INSERT' })).toBe(false)
  })

  it('stops an event with a value in place of an object', () => {
    expect(matches(CLOSED, { eventName: 'INSERT', dynamodb: null })).toBe(false)
    expect(matches(CLOSED, change('INSERT', 'closed'))).toBe(false)
  })

  it.each([undefined, null, 'text', 7])('stops %j, which is no event', (event) => {
    expect(matches(CLOSED, event)).toBe(false)
  })

  it('passes every event through an empty filter', () => expect(matches({}, change('REMOVE'))).toBe(true))

  it('passes no event through an empty list of values', () =>
    expect(matches({ eventName: [] }, change('INSERT'))).toBe(false))

  it('distinguishes numbers and booleans from text, and null from a missing field', () => {
    expect(matches({ size: [1] }, { size: 1 })).toBe(true)
    expect(matches({ size: [1] }, { size: '1' })).toBe(false)
    expect(matches({ done: [true] }, { done: true })).toBe(true)
    expect(matches({ done: [true] }, { done: 'true' })).toBe(false)
    expect(matches({ done: [null] }, { done: null })).toBe(true)
    expect(matches({ done: [null] }, {})).toBe(false)
  })

  it('refuses a filter with a value that is not literal', () => {
    const prefix = { eventName: [{ prefix: 'INS' }] } as unknown as Pattern
    expect(() => matches(prefix, change('INSERT'))).toThrow('{"prefix":"INS"}')
  })
})
