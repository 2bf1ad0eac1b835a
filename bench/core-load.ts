// What the domain is measured with: a session's number, user and start in, its events as the texts that a stream holds out.

import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { SentEvent } from '../samples/tutorial-events.ts'
import { longSession, STANDARD_EVENTS, standardSession } from './standard-session.ts'

/**
 * `catalogue`: each listed item is one of 100,000, drawn so that the n-th is shown 1/n as often as the first. `new`: each
 * is shown in one list only, as nowhere in practice.
 */
export type ItemChoice = 'catalogue' | 'new'

export const CATALOGUE_ITEMS = 100_000

export interface SessionSource {
  /** The events of the next session: a number of its own is in every id. */
  texts(user: string, startMs: number): string[]
}

/** @param events of a session: the standard one, or a long one. */
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
      return script.map((event) => JSON.stringify(retold(event, user, startMs, number, rename)))
    },
  }
}

function retold(
  event: SentEvent,
  user: string,
  startMs: number,
  number: string,
  rename: (item: string) => string,
): Record<string, unknown> {
  const retoldEvent: Record<string, unknown> = {
    ...event,
    user,
    time: new Date(startMs + Date.parse(event.time as string)).toISOString(),
  }
  for (const name of ['eventId', 'searchId']) {
    if (typeof event[name] === 'string') retoldEvent[name] = event[name].slice(number.length) + number
  }
  if (Array.isArray(event.items)) retoldEvent.items = event.items.map(rename)
  if (typeof event.item === 'string') retoldEvent.item = rename(event.item)
  return retoldEvent
}
