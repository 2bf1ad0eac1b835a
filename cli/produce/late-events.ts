// Predicts which events of a log ingest would reject as too late in this order (C6).

import { laterSkew, type Skew, watermark } from '../../functions/domain/sessions/clock.ts'
import { rejectionByAge } from '../../functions/domain/sessions/rejected-arrivals.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import type { GoodEvent } from './checked-lines.ts'

export interface LateEvents {
  readonly count: number
  /** The line of the first late event. */
  readonly firstLine: number
  /** How far the latest of them is behind its user's watermark. */
  readonly behindMaxMs: number
}

export interface LateEventsCheck {
  add(line: number, event: GoodEvent): void
  /** Null if no event would be late. */
  found(): LateEvents | null
}

/** Events of further users are not checked: the clocks of so many take about 100 MB. */
const USERS_MAX = 1_000_000

/** @param arrivalMs when all events arrive. A log is sent in minutes, and `amendFor` takes days. */
export function lateEventsCheck(rules: Rules, arrivalMs: number): LateEventsCheck {
  const skews = new Map<string, Skew>()
  let late: LateEvents | null = null
  return {
    add: (line, { user, event }) => {
      const before = skews.get(user)
      if (before === undefined && skews.size === USERS_MAX) return
      const skewMs = laterSkew(before ?? null, event, arrivalMs)
      if (skewMs !== before) skews.set(user, skewMs)
      const behindMs = watermark(arrivalMs, skewMs, rules) - event.timeMs
      if (rejectionByAge(behindMs, rules) === null) return
      late = {
        count: (late?.count ?? 0) + 1,
        firstLine: late?.firstLine ?? line,
        behindMaxMs: Math.max(late?.behindMaxMs ?? 0, behindMs),
      }
    },
    found: () => late,
  }
}
