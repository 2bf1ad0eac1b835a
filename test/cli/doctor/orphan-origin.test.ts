// Tests which mistake doctor takes an orphan click for.

import { describe, expect, it } from 'vitest'
import { type OtherSession, originInSessions } from '../../../cli/doctor/orphan-origin.ts'
import { MINUTE_MS, SECOND_MS } from '../../../functions/domain/durations.ts'
import type { ClickEvent, Event } from '../../../functions/domain/events/event.ts'
import { nonEmpty } from '../../../functions/domain/non-empty.ts'
import type { CloseReason } from '../../../functions/domain/sessions/clock.ts'
import { bare, click as clickAt, search as searchAt } from '../../support/events.ts'

const GAP_MS = 30 * MINUTE_MS

const search = (timeMs: number): Event => searchAt(timeMs, { searchId: 's1' })
const click = (timeMs: number, searchId: string | null = 's1') => clickAt(timeMs, 'rover', { searchId }) as ClickEvent
const session = (reason: CloseReason | null, ...events: Event[]): OtherSession => ({
  session: { ids: ['one'], continues: null, limitedBy: null, events: nonEmpty(events) },
  reason,
})
const origin = (one: ClickEvent, ...others: OtherSession[]) => originInSessions(one, others, GAP_MS)

describe('the origin of an orphan click', () => {
  it.each([
    ['a pause longer than the gap', GAP_MS + 1, session('gap', search(0)), 'tab-left-open'],
    ['an AppClose', 80 + SECOND_MS, session('app_close', search(0), bare('AppClose', SECOND_MS)), 'app-close'],
    ['a Timeout', 2 * SECOND_MS, session('timeout', search(0), bare('Timeout', SECOND_MS)), 'timeout'],
    ['a limit', SECOND_MS, session('max_events', search(0)), 'limit'],
    ['a drain', SECOND_MS, session('drain', search(0)), 'drain'],
    ['a later search', 0, session('gap', search(GAP_MS + 1)), 'before-search'],
  ] as const)('is %s between it and its search', (_, timeMs, other, expected) => {
    expect(origin(click(timeMs), other)?.origin).toBe(expected)
  })

  it('is that of the nearest session with its search', () => {
    const [early, late] = [session('gap', search(0)), session('max_events', search(90 * MINUTE_MS))]
    expect(origin(click(91 * MINUTE_MS), early, late)).toEqual({ origin: 'limit', pauseMs: MINUTE_MS })
  })

  it('is not in sessions without its search', () => {
    expect(origin(click(SECOND_MS, 'lost'), session('gap', search(0)))).toBeNull()
  })

  it('is in the session before it where the click has no searchId, unless the gap is between them', () => {
    const closed = session('app_close', search(0), bare('AppClose', SECOND_MS))
    expect(origin(click(2 * SECOND_MS, null), closed)).toEqual({ origin: 'app-close', pauseMs: SECOND_MS })
    expect(origin(click(SECOND_MS + GAP_MS + 1, null), closed)).toBeNull()
    expect(origin(click(2 * SECOND_MS, null), session('app_close', bare('AppClose', SECOND_MS)))).toBeNull()
  })
})
