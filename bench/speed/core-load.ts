// Makes the sessions with which the domain is measured, as the texts that a stream would hold.

import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { SentEvent } from '../../samples/tutorial-events.ts'
import { longSession, STANDARD_EVENTS, standardSession } from '../standard-session.ts'

/**
 * The stages in the order in which an event passes them. `parse` is Node's work, so no total has
 * it.
 */
export const STAGES = ['parse', 'decode', 'apply', 'close', 'rows'] as const
export type Stage = (typeof STAGES)[number]

/**
 * `catalogue` draws each listed item from 100,000, the n-th 1/n as often as the first. `new` lists
 * each item once only, which is the worst case for remembered digests.
 */
export type ItemChoice = 'catalogue' | 'new'

const CATALOGUE_ITEMS = 100_000

export interface SessionSource {
  /** Returns the next session's events. Each session has ids of its own. */
  texts(user: string, startMs: number): string[]
}

/** @param events how many a session has: those of the standard session, or more for a long one. */
export function sessionSource(events: number, items: ItemChoice): SessionSource {
  const script = events === STANDARD_EVENTS ? standardSession('user', 0) : longSession('user', 0, events)
  const generator = xoroshiro128plus(1)
  let sessions = 0
  let shown = 0
  const nextItem = (): string => {
    const rank = items === 'new' ? shown++ : Math.floor(CATALOGUE_ITEMS ** uniformFloat64(generator))
    return `sku-${rank.toString(36).padStart(6, '0')}`
  }
  return {
    texts: (user, startMs) => {
      const number = (sessions++).toString(36).padStart(8, '0')
      const renamed = new Map<string, string>()
      const rename = (item: string): string => {
        const name = renamed.get(item) ?? nextItem()
        renamed.set(item, name)
        return name
      }
      return script.map((event) => JSON.stringify(eventOf(event, user, startMs, number, rename)))
    },
  }
}

/** Returns the event of the script with the session's own user, times, ids and items. */
function eventOf(
  event: SentEvent,
  user: string,
  startMs: number,
  number: string,
  rename: (item: string) => string,
): Record<string, unknown> {
  const copy: Record<string, unknown> = {
    ...event,
    user,
    time: new Date(startMs + Date.parse(event.time as string)).toISOString(),
  }
  for (const name of ['eventId', 'searchId']) {
    if (typeof event[name] === 'string') copy[name] = event[name].slice(number.length) + number
  }
  if (Array.isArray(event.items)) copy.items = event.items.map(rename)
  if (typeof event.item === 'string') copy.item = rename(event.item)
  return copy
}
