// Tests that a user disappears from the objects of the dead-letter bucket, and that all else stays.

import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { withoutUser } from '../../../functions/aws/dead-letters/dead-letters-without-user.ts'
import { rejectedLines, rejectedText } from '../../../functions/aws/dead-letters/rejected-line.ts'
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

/** The events in the data of the only remaining line. */
function eventsLeft(data: string): unknown {
  const { lines } = linesLeft(line(data))
  const [left] = lines.map((one) => Buffer.from(JSON.parse(one).data, 'base64').toString())
  return left?.split('\n').map((text) => JSON.parse(text))
}

describe('a rejected record', () => {
  it('a rejected record goes from the packed lines of an object too, which stay packed', () => {
    const users = Array.from({ length: 500 }, (_, n) => (n % 50 === 7 ? 'ann' : `user ${n}`))
    const text = rejectedText(users.map((user) => line(base64({ user, type: 'Serch' }))))
    const left = withoutUser(REJECTED, text, ERASED)
    expect(left).toMatchObject({ removed: 10, unreadable: 0 })
    const others = rejectedLines(left.text ?? '').map((one) =>
      JSON.parse(Buffer.from(JSON.parse(one).data, 'base64').toString()),
    )
    expect(others.map(({ user }) => user)).toEqual(users.filter((user) => user !== 'ann'))
    expect(left.text?.split('\n').length).toBe(102)
  })

  it.each<[string, unknown]>([
    ['an event', { user: 'ann', type: 'Serch' }],
    ['no event', { user: 'ann' }],
    ['a truncated text', '{"type":"Search", "user" : "ann", "que'],
    ['an escaped name', '{"user":"\\u0061nn","que'],
    ['a list', [{ user: 'ann' }]],
  ])('is removed when it is %s of the user', (_, sent) => {
    expect(linesLeft(line(base64(sent)))).toEqual({ lines: [], removed: 1, unreadable: 0 })
  })

  it.each<[string, unknown]>([
    ['is of another user', { user: 'anna' }],
    ['only mentions the user', { user: 'ben', friend: { user: 'ann' }, query: '"user":"ann"' }],
    ['is of a user whose id is a number', { user: 1 }],
    ['names no user', {}],
    ['is only a text', '"user"'],
  ])('stays as it is when it %s', (_, sent) => {
    const unchanged = line(base64(sent))
    expect(linesLeft(unchanged)).toEqual({ lines: [unchanged], removed: 0, unreadable: 0 })
  })

  it('is removed whether the user is sent as a number or as its decimal string', () => {
    const numbered = { user: '17', storedAs: '17', atMs: at(100) }
    const text = [17, '17', 170, 1.7].map((user) => `${line(base64({ user }))}\n`).join('')
    expect(withoutUser(REJECTED, text, numbered)).toMatchObject({ removed: 2 })
    expect(withoutUser(REJECTED, `${line(base64('{"user":17,'))}\n`, numbered)).toMatchObject({ removed: 1 })
  })

  it.each([
    ['a list', { user: ['ann'] }],
    ['an object', { user: { id: 'ann' } }],
    ['another member', { userId: 'ann' }],
    ['an event inside another', { detail: { type: 'AppOpen', user: 'ann' } }],
    ['an event in quotes', { message: JSON.stringify({ user: 'ann' }) }],
  ])('is removed when it names the user in a way that no event does: %s', (_, sent) => {
    expect(linesLeft(line(base64(sent)))).toEqual({ lines: [], removed: 1, unreadable: 0 })
  })

  it('is removed when the user is an integer of too many digits for a number', () => {
    const long = { user: '12345678901234567890', storedAs: '12345678901234567890', atMs: at(100) }
    const object = `${line(base64('{"type":"Search","user":12345678901234567890}'))}\n`
    expect(withoutUser(REJECTED, object, long)).toMatchObject({ removed: 1 })
    const shorter = { ...long, user: '1234567890', storedAs: '1234567890' }
    expect(withoutUser(REJECTED, object, shorter)).toMatchObject({ removed: 0 })
  })

  it('stays when it arrived after the moment of the erasure', () => {
    const later = line(base64({ user: 'ann' }), 101)
    expect(linesLeft(later, line(base64({ user: 'ann' }), 100))).toEqual({ lines: [later], removed: 1, unreadable: 0 })
  })

  it('stays and is counted when it is unreadable', () => {
    const unreadable = [
      line(base64('{"user":"an')),
      line(Buffer.from([0x1f, 0x8b, 1]).toString('base64')),
      'no JSON',
      '{}',
    ]
    expect(linesLeft(...unreadable)).toEqual({ lines: unreadable, removed: 0, unreadable: 4 })
  })

  it('loses the events of the user and holds those of the others', () => {
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
    ['the stream, with its payload as text', kinesis, true],
    ['the stream, with its payload as an object', kinesis, false],
    ['the table’s stream, with its payload as text', change, true],
    ['the table’s stream, with its payload as an object', change, false],
  ] as const)('from %s loses the records of the user and no others', (_, of, asText) => {
    const others = [of('ben'), of('anna'), of('ann', 101)]
    const [ben, anna, later] = others
    const text = batch([of('ann'), ben, of('ann', 100), anna, later], asText)
    expect(withoutUser(FAILED, text, ERASED)).toEqual({ text: batch(others, asText), removed: 2, unreadable: 0 })
  })

  it('is searched for the id that producers send, or in the table’s stream for the stored id', () => {
    const known = { ...ERASED, storedAs: 'x7' }
    const left = (records: readonly unknown[]) => withoutUser(FAILED, batch(records, true), known).removed
    expect([left([kinesis('ann')]), left([kinesis('x7')]), left([change('ann')]), left([change('x7')])]).toEqual([
      1, 0, 0, 1,
    ])
  })

  it('loses an unreadable record whose partition key is the user, and holds no such key any more', () => {
    const keyed = (data: string) => ({
      kinesis: { sequenceNumber: '1', partitionKey: 'ann', data, approximateArrivalTimestamp: at(0) / 1000 },
    })
    const corrupt = keyed(Buffer.from([0x1f, 0x8b, 1]).toString('base64'))
    const shared = keyed(base64([{ user: 'ann' }, { user: 'ben' }]))
    const { text, removed } = withoutUser(FAILED, batch([corrupt, shared], true), ERASED)
    expect(removed).toBe(2)
    expect(text).not.toContain('ann')
  })

  it('is deleted when it holds only records of the user', () => {
    const text = batch([kinesis('ann'), kinesis('ann')], true)
    expect(withoutUser(FAILED, text, ERASED)).toEqual({ text: null, removed: 2, unreadable: 0 })
  })

  it.each(['', '{}', 'no JSON', 'null', '{"payload":"no JSON"}', '{"payload":{"Records":7}}'])(
    'stays and is counted when it is unreadable: %j',
    (text) => expect(withoutUser(FAILED, text, ERASED)).toEqual({ text, removed: 0, unreadable: 1 }),
  )

  it('holds unreadable records still, and counts them', () => {
    const text = batch([{}, { dynamodb: {} }, kinesis('ben')], true)
    expect(withoutUser(FAILED, text, ERASED)).toEqual({ text, removed: 0, unreadable: 2 })
  })
})
