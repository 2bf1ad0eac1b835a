// Checks that `produce` finds the problems of a line that ingest would find, and sends the rest.

import { describe, expect, it } from 'vitest'
import { checkLine } from '../../../cli/produce/checked-lines.ts'
import { at } from '../../support/events.ts'
import { ubiEvent } from '../../support/ubi.ts'

const line = (event: unknown): Buffer => Buffer.from(JSON.stringify(event))
const OPEN = { type: 'AppOpen', user: 'ann', time: at(0) }

describe('a line', () => {
  it.each([
    [OPEN, 1, []],
    [{ ...OPEN, time: at(1e9) }, 1, []],
    // Ingest reads documents of other formats too.
    [ubiEvent('click'), 1, []],
    [{ ...OPEN, user: '' }, 1, [[null, 'invalid-field']]],
    [
      [OPEN, 7, OPEN, { type: 'Search', user: 'ann' }],
      4,
      [
        [2, 'not-an-event'],
        [4, 'missing-field'],
      ],
    ],
  ])('a line gets the problems that ingest would find: %j', (sent, events, problems) => {
    const checked = checkLine(line(sent), at(0))
    expect(checked.events).toBe(events)
    expect(checked.problems.map(({ event, reason }) => [event, reason])).toEqual(problems)
  })

  it('a line is sent as it is, or converted to events by --format', () => {
    const query = {
      application: 'shop',
      query_id: 'q',
      client_id: 'c',
      user_query: 'lamp',
      timestamp: at(0),
      query_response_hit_ids: ['x'],
    }
    const whole = line(query)
    expect(checkLine(whole, at(0))).toMatchObject({ sent: [whole], events: 2, problems: [] })
    const converted = JSON.parse(String(checkLine(whole, at(0), 'ubi').sent[0]))
    expect(converted).toMatchObject([
      { type: 'Search', user: 'c', query: 'lamp' },
      { type: 'Results', items: ['x'] },
    ])
    expect(checkLine(line(OPEN), at(0), 'ubi')).toMatchObject({ sent: [], problems: [{ reason: 'not-an-event' }] })
    expect(checkLine(whole, at(0), 'events')).toMatchObject({ sent: [], problems: [{ event: null }] })
  })

  it('--format leaves out documents of another format', () => {
    const mixed = checkLine(line([OPEN, ubiEvent('click')]), at(0), 'events')
    expect(mixed).toMatchObject({ events: 2, problems: [{ event: 2 }] })
    expect(mixed.sent.map((record) => JSON.parse(String(record)))).toEqual([OPEN])
  })

  it.each([
    ['more events than ingest takes of a record', 5500, 1],
    ['more bytes than a record holds', 1100, 128],
  ])('a line that converts to %s becomes several records in order', (_, documents, idCharacters) => {
    const query = (n: number) => ({
      query_id: 'é'.repeat(idCharacters),
      client_id: 'é'.repeat(idCharacters),
      user_query: '',
      timestamp: at(n),
      query_response_hit_ids: [1],
    })
    const checked = checkLine(line(Array.from({ length: documents }, (_, n) => query(n))), at(0), 'ubi')
    expect(checked).toMatchObject({ events: 2 * documents, problems: [] })
    expect(checked.sent).toHaveLength(2)
    const events = checked.sent.map((record) => JSON.parse(String(record)) as { time: string }[])
    expect(Math.max(...checked.sent.map((record) => record.length))).toBeLessThanOrEqual(1024 * 1024 - 1024)
    expect(Math.max(...events.map((one) => one.length))).toBeLessThanOrEqual(10_000)
    const times = events.flat().map(({ time }) => Date.parse(time))
    expect(times).toEqual(Array.from({ length: 2 * documents }, (_, n) => at(n >> 1)))
  })

  it('a line that no record can hold is too large', () => {
    expect(checkLine(Buffer.alloc(1024 * 1024, 0x20), at(0)).problems).toMatchObject([{ reason: 'too-large' }])
  })

  it('events without a time are counted, since sent twice they count twice', () => {
    expect(checkLine(line([OPEN, { type: 'AppOpen', user: 'ann', time: null }]), at(0))).toMatchObject({
      good: [{ hasTime: true }, { hasTime: false }],
    })
  })
})
