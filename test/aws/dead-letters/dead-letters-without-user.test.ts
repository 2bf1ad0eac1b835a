// What the dead-letter bucket holds of a user, in every layout, in; the same without that user, and all else untouched, out.

import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { withoutUser } from '../../../functions/aws/dead-letters/dead-letters-without-user.ts'
import { at } from '../../support/events.ts'
import { kplRecord } from '../../support/kpl.ts'

const ERASED = { user: 'ann', storedAs: 'ann', atMs: at(100) }
const REJECTED = 'rejected/2026-03-02/shardId-000000000000/1-2-2.ndjson'
const FAILED = 'aws/lambda/mapping/shardId-000000000000/2026/03/02/batch'

function base64(sent: unknown): string {
  return Buffer.from(typeof sent === 'string' ? sent : JSON.stringify(sent)).toString('base64')
}

function line(data: string, seconds = 0): string {
  const arrival = new Date(at(seconds)).toISOString()
  return JSON.stringify({ reason: 'not-json', detail: 'not JSON', shard: 's', sequence: '1', arrival, data })
}

function linesLeft(...lines: string[]) {
  const { text, ...counts } = withoutUser(REJECTED, lines.map((one) => `${one}\n`).join(''), ERASED)
  return { lines: text?.split('\n').filter(Boolean) ?? [], ...counts }
}

/** The events in the data of the only line left. */
function eventsLeft(data: string): unknown {
  const { lines } = linesLeft(line(data))
  const [left] = lines.map((one) => Buffer.from(JSON.parse(one).data, 'base64').toString())
  return left?.split('\n').map((text) => JSON.parse(text))
}

describe('a refused record', () => {
  it.each<[string, unknown]>([
    ['an event', { user: 'ann', type: 'Serch' }],
    ['no event', { user: 'ann' }],
    ['a cut text', '{"type":"Search", "user" : "ann", "que'],
    ['an escaped name', '{"user":"\\u0061nn","que'],
    ['a list', [{ user: 'ann' }]],
  ])('of the user is removed, be it %s', (_, sent) => {
    expect(linesLeft(line(base64(sent)))).toEqual({ lines: [], removed: 1, unreadable: 0 })
  })

  it.each<[string, unknown]>([
    ['of another user', { user: 'anna' }],
    ['that only speaks of the user', { user: 'ben', friend: { user: 'ann' }, query: '"user":"ann"' }],
    ['of a user who is a number', { user: 1 }],
    ['of nobody', {}],
    ['of a text', '"user"'],
  ])('%s stays as it is', (_, sent) => {
    const kept = line(base64(sent))
    expect(linesLeft(kept)).toEqual({ lines: [kept], removed: 0, unreadable: 0 })
  })

  it('of a user with a numeric id is that of the text as well', () => {
    const numbered = { user: '17', storedAs: '17', atMs: at(100) }
    const text = [17, '17', 170, 1.7].map((user) => `${line(base64({ user }))}\n`).join('')
    expect(withoutUser(REJECTED, text, numbered)).toMatchObject({ removed: 2 })
    expect(withoutUser(REJECTED, `${line(base64('{"user":17,'))}\n`, numbered)).toMatchObject({ removed: 1 })
  })

  it.each([
    ['a list', { user: ['ann'] }],
    ['an object', { user: { id: 'ann' } }],
    ['another member', { userId: 'ann' }],
    ['an event inside', { detail: { type: 'AppOpen', user: 'ann' } }],
    ['an event in quotes', { message: JSON.stringify({ user: 'ann' }) }],
  ])('that names the user as no event does goes too: %s', (_, sent) => {
    expect(linesLeft(line(base64(sent)))).toEqual({ lines: [], removed: 1, unreadable: 0 })
  })

  it('of an integer of too many digits is that of the same digits', () => {
    const long = { user: '12345678901234567890', storedAs: '12345678901234567890', atMs: at(100) }
    const letter = `${line(base64('{"type":"Search","user":12345678901234567890}'))}\n`
    expect(withoutUser(REJECTED, letter, long)).toMatchObject({ removed: 1 })
    expect(withoutUser(REJECTED, letter, { ...long, user: '1234567890' })).toMatchObject({ removed: 0 })
  })

  it('that arrived after the moment stays', () => {
    const kept = line(base64({ user: 'ann' }), 101)
    expect(linesLeft(kept, line(base64({ user: 'ann' }), 100))).toEqual({ lines: [kept], removed: 1, unreadable: 0 })
  })

  it('that nobody can read stays, and is counted', () => {
    const kept = [line(base64('{"user":"an')), line(Buffer.from([0x1f, 0x8b, 1]).toString('base64')), 'no JSON', '{}']
    expect(linesLeft(...kept)).toEqual({ lines: kept, removed: 0, unreadable: 4 })
  })

  it('that holds events of several users loses those of one', () => {
    const [ann, ben, zoe] = [{ user: 'ann' }, { user: 'ben' }, { user: 'zoë', query: '検索' }]
    expect(eventsLeft(base64([ann, ben, ann, zoe]))).toEqual([ben, zoe])
    expect(eventsLeft(base64([zoe, ann].map((one) => JSON.stringify(one)).join('\n')))).toEqual([zoe])
    expect(eventsLeft(gzipSync(JSON.stringify([ann, ben])).toString('base64'))).toEqual([ben])
    expect(eventsLeft(base64(`[${JSON.stringify(ann)}, {\n "user": "ben"\n}]`))).toEqual([ben])
    const user = (one: object) => Buffer.from(JSON.stringify(one))
    expect(eventsLeft(kplRecord([user(ann), gzipSync(user(ben)), user(zoe)]).toString('base64'))).toEqual([ben, zoe])
  })
})

describe('a batch that was given up', () => {
  const kinesis = (user: string, seconds = 0) => ({
    eventID: 's:1',
    kinesis: { sequenceNumber: '1', data: base64({ user }), approximateArrivalTimestamp: at(seconds) / 1000 },
  })
  const change = (user: string, seconds = 0) => ({
    dynamodb: { Keys: { pk: { S: `user#${user}` } }, ApproximateCreationDateTime: at(seconds) / 1000 },
  })
  const batch = (records: readonly unknown[], asText: boolean): string => {
    const event = { Records: records }
    return JSON.stringify({ version: '1.0', payload: asText ? JSON.stringify(event) : event })
  }

  it.each([
    ['of the stream, its payload a text', kinesis, true],
    ['of the stream', kinesis, false],
    ['of the table’s stream, its payload a text', change, true],
    ['of the table’s stream', change, false],
  ] as const)('%s loses the records of the user, and nothing else', (_, of, asText) => {
    const others = [of('ben'), of('anna'), of('ann', 101)]
    const [ben, anna, later] = others
    const text = batch([of('ann'), ben, of('ann', 100), anna, later], asText)
    expect(withoutUser(FAILED, text, ERASED)).toEqual({ text: batch(others, asText), removed: 2, unreadable: 0 })
  })

  it('knows a user by the id that was sent, and in the table’s stream by the pseudonym', () => {
    const known = { ...ERASED, storedAs: 'x7' }
    const left = (records: readonly unknown[]) => withoutUser(FAILED, batch(records, true), known).removed
    expect([left([kinesis('ann')]), left([kinesis('x7')]), left([change('ann')]), left([change('x7')])]).toEqual([
      1, 0, 0, 1,
    ])
  })

  it('knows a record that nobody can read by its partition key, and leaves no such key behind', () => {
    const keyed = (data: string) => ({
      kinesis: { sequenceNumber: '1', partitionKey: 'ann', data, approximateArrivalTimestamp: at(0) / 1000 },
    })
    const corrupt = keyed(Buffer.from([0x1f, 0x8b, 1]).toString('base64'))
    const shared = keyed(base64([{ user: 'ann' }, { user: 'ben' }]))
    const { text, removed } = withoutUser(FAILED, batch([corrupt, shared], true), ERASED)
    expect(removed).toBe(2)
    expect(text).not.toContain('ann')
  })

  it('of nothing but the user is gone', () => {
    const text = batch([kinesis('ann'), kinesis('ann')], true)
    expect(withoutUser(FAILED, text, ERASED)).toEqual({ text: null, removed: 2, unreadable: 0 })
  })

  it.each(['', '{}', 'no JSON', 'null', '{"payload":"no JSON"}', '{"payload":{"Records":7}}'])(
    'that nobody can read stays, and is counted: %j',
    (text) => expect(withoutUser(FAILED, text, ERASED)).toEqual({ text, removed: 0, unreadable: 1 }),
  )

  it('whose records nobody can read stays, and they are counted', () => {
    const text = batch([{}, { dynamodb: {} }, kinesis('ben')], true)
    expect(withoutUser(FAILED, text, ERASED)).toEqual({ text, removed: 0, unreadable: 2 })
  })
})
