// Tests when a session is due by its user's clock.

import { describe, expect, it } from 'vitest'
import { DAY_MS, SECOND_MS } from '../../../functions/domain/durations.ts'
import { closeReason, dueAt, isDue, watermark } from '../../../functions/domain/sessions/clock.ts'
import type { Session } from '../../../functions/domain/sessions/session.ts'
import { arrive, newDriven, sweepAt } from '../../support/drive.ts'
import { at, bare } from '../../support/events.ts'
import { opens, SHORT_RULES as rules, sessionsOf } from './short-sessions.ts'

describe('the clock', () => {
  const [session] = sessionsOf(opens(0)) as [Session]

  it('makes a session due when the watermark is past the gap, not at it (C2)', () => {
    expect(isDue(session, at(10), rules)).toBe(false)
    expect(isDue(session, at(10) + 1, rules)).toBe(true)
  })

  it('makes a live session due gap and lateness after its newest event arrived', () => {
    expect(dueAt(session, 0, rules)).toBe(at(11) + 1)
    expect(isDue(session, watermark(at(11), 0, rules), rules)).toBe(false)
    expect(isDue(session, watermark(at(11) + 1, 0, rules), rules)).toBe(true)
  })

  it('makes a session with an AppClose due after the lateness alone', () => {
    const [closed] = sessionsOf([bare('AppClose', at(0))]) as [Session]
    expect(dueAt(closed, 0, rules)).toBe(at(1) + 1)
    expect(closeReason(closed, true, at(5), rules)).toBe('app_close')
  })

  it('follows the times of an old log that is replayed (C1)', () => {
    const driven = newDriven()
    const replayedMs = at(0) + 300 * DAY_MS
    arrive(
      driven,
      opens(0, 5).map((event) => ({ event, arrivalMs: replayedMs })),
      rules,
    )
    expect(driven.rejected).toEqual([])
    sweepAt(driven, replayedMs + 10 * SECOND_MS, rules)
    expect(driven.state.open).toHaveLength(1)
    sweepAt(driven, replayedMs + 12 * SECOND_MS, rules)
    expect(driven.state.open).toHaveLength(0)
  })
})
