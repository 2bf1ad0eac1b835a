// Tests what is late when late events are diverted.

import { describe, expect, it } from 'vitest'
import { arrive, drain, newDriven, sweepAt } from '../../support/drive.ts'
import { at, bare, onTime } from '../../support/events.ts'
import { opens, SHORT_RULES as rules, seconds } from './short-sessions.ts'

describe('an event behind the watermark', () => {
  const strict = { ...rules, lateEvents: 'divert' as const }

  it('diverts an event behind the watermark although its session is open (C7)', () => {
    const driven = newDriven()
    arrive(driven, [{ event: bare('AppOpen', at(5)), arrivalMs: at(5) }], strict)
    arrive(driven, [{ event: bare('AppOpen', at(4.5)), arrivalMs: at(5) }], strict)
    arrive(driven, [{ event: bare('AppOpen', at(3.9)), arrivalMs: at(5) }], strict)
    expect(driven.rejected.map(({ reason }) => reason)).toEqual(['late'])
    expect(driven.accepted).toBe(2)
  })

  it('diverts an event that the passing of time alone put behind the watermark', () => {
    const driven = newDriven()
    arrive(driven, [{ event: bare('AppOpen', at(5)), arrivalMs: at(5) }], strict)
    arrive(driven, [{ event: bare('AppOpen', at(4.5)), arrivalMs: at(7) }], strict)
    expect(driven.rejected).toHaveLength(1)
  })

  it('holds a full session open until the watermark passes it when late events are diverted', () => {
    const used = { ...strict, maxSessionEvents: 2 }
    const driven = newDriven()
    arrive(driven, opens(5, 5.2, 5.4).map(onTime), used)
    sweepAt(driven, at(6.4), used)
    expect(driven.closed.size).toBe(0)
    arrive(driven, [{ event: bare('AppOpen', at(5.3), { eventId: 'in time' }), arrivalMs: at(6) }], used)
    expect(driven.rejected).toEqual([])
    sweepAt(driven, at(6.3) + 1, used)
    expect(seconds([...driven.closed.values()])).toEqual([[5, 5.2]])
    expect(seconds(drain(driven, at(100), used))).toEqual([
      [5, 5.2],
      [5.3, 5.4],
    ])
  })

  it('leaves full sessions to the sweeper when late events are diverted, since another shard may lag', () => {
    const used = { ...strict, maxSessionEvents: 2 }
    const driven = newDriven()
    arrive(driven, opens(5, 5.2, 5.4).map(onTime), used)
    arrive(driven, [onTime(bare('AppOpen', at(100), { eventId: 'of another shard' }))], used)
    expect(driven.closed.size).toBe(0)
    arrive(driven, [onTime(bare('AppOpen', at(5.3), { eventId: 'read late' }))], used)
    expect(driven.rejected).toEqual([])
    expect(seconds(drain(driven, at(200), used))).toEqual([[5, 5.2], [5.3, 5.4], [100]])
  })

  it('counts a repeated event behind the watermark as a duplicate, not as late', () => {
    const driven = newDriven()
    const event = bare('AppOpen', at(5))
    arrive(driven, [{ event, arrivalMs: at(5) }], strict)
    arrive(driven, [{ event, arrivalMs: at(50) }], strict)
    expect(driven).toMatchObject({ duplicates: 1, rejected: [] })
  })
})
