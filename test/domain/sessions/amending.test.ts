// Tests how late events change closed sessions.

import { describe, expect, it } from 'vitest'
import { MINUTE_MS } from '../../../functions/domain/durations.ts'
import { arrive, drain, newDriven, sweepAt } from '../../support/drive.ts'
import { at, bare, onTime, search } from '../../support/events.ts'
import { opens, SHORT_RULES as rules, seconds } from './short-sessions.ts'

describe('an event for a closed session', () => {
  it('reopens and merges two closed sessions for an event between them (C6)', () => {
    const driven = newDriven()
    arrive(driven, opens(0, 20).map(onTime), rules)
    sweepAt(driven, at(60), rules)
    expect(driven.closed.size).toBe(2)
    arrive(driven, [{ event: bare('AppOpen', at(10), { eventId: 'bridge' }), arrivalMs: at(70) }], rules)
    expect(driven.state.open[0]?.ids).toHaveLength(2)
    expect(seconds(drain(driven, at(100), rules))).toEqual([[0, 10, 20]])
  })

  it('merges a closed and an open session for an event between them', () => {
    const driven = newDriven()
    arrive(driven, opens(0).map(onTime), rules)
    sweepAt(driven, at(15), rules)
    arrive(driven, [onTime(bare('AppOpen', at(18), { eventId: 'open' }))], rules)
    arrive(driven, [{ event: bare('AppOpen', at(9), { eventId: 'bridge' }), arrivalMs: at(19) }], rules)
    expect(seconds(drain(driven, at(100), rules))).toEqual([[0, 9, 18]])
  })

  it('counts an event that a closed session holds already as a duplicate', () => {
    const driven = newDriven()
    arrive(driven, opens(0).map(onTime), rules)
    sweepAt(driven, at(60), rules)
    arrive(
      driven,
      opens(0).map((event) => ({ event, arrivalMs: at(70) })),
      rules,
    )
    expect(driven).toMatchObject({ duplicates: 1, accepted: 1 })
    expect(driven.state.open).toEqual([])
  })

  it('rejects an event more than amendFor behind the watermark as too late', () => {
    const used = { ...rules, amendForMs: MINUTE_MS }
    const driven = newDriven()
    arrive(driven, opens(100).map(onTime), used)
    const late = (time: number) => [{ event: bare('AppOpen', at(time), { eventId: `at${time}` }), arrivalMs: at(100) }]
    arrive(driven, late(39), used)
    expect(driven.rejected).toEqual([])
    arrive(driven, late(38.999), used)
    expect(driven.rejected.map(({ reason }) => reason)).toEqual(['too-late'])
  })
})

describe('an event id that a closed session holds', () => {
  it('sets a later copy aside, so that late events merge no session of it', () => {
    const driven = newDriven()
    arrive(driven, [onTime(search(at(0), { eventId: 'twice' }))], rules)
    sweepAt(driven, at(12), rules)
    arrive(driven, [onTime(search(at(20), { eventId: 'twice' }))], rules)
    sweepAt(driven, at(60), rules)
    expect(driven.closed.size).toBe(1)
    expect(driven.rejected.map(({ reason }) => reason)).toEqual(['id-reused'])
    for (const second of [10, 5, 15, 8]) {
      arrive(driven, [{ event: bare('AppOpen', at(second), { eventId: `late ${second}` }), arrivalMs: at(70) }], rules)
      sweepAt(driven, at(70 + second), rules)
    }
    expect(seconds(drain(driven, at(999), rules))).toEqual([[0, 5, 8, 10, 15]])
  })
})
