// Makes the standard session for which the bench reports costs: ten events of some 200 bytes each.

import { createHash } from 'node:crypto'
import type { SentEvent } from '../samples/tutorial-events.ts'

/** Two searches with ten results and two clicks each, between an AppOpen and an AppClose. */
/** Seconds since the start, and the event. */
const SCRIPT = [
  [0, { type: 'AppOpen' }],
  [12, { type: 'Search', search: 1, query: 'oak standing desk with drawers' }],
  [12.4, { type: 'Results', search: 1 }],
  [21, { type: 'ClickResult', search: 1, rank: 2 }],
  [48, { type: 'ClickResult', search: 1, rank: 5 }],
  [83, { type: 'Search', search: 2, query: 'adjustable desk lamp white' }],
  [83.3, { type: 'Results', search: 2 }],
  [95, { type: 'ClickResult', search: 2, rank: 1 }],
  [131, { type: 'ClickResult', search: 2, rank: 3 }],
  [160, { type: 'AppClose' }],
] as const

export const STANDARD_EVENTS = SCRIPT.length
export const STANDARD_SEARCHES = 2

const ITEMS_SHOWN = 10

export function standardSession(user: string, startMs: number): SentEvent[] {
  return SCRIPT.map(([seconds, scripted], n) => ({
    user,
    time: new Date(startMs + seconds * 1000).toISOString(),
    eventId: idOf(`${user} event ${n}`),
    ...fieldsOf(user, scripted),
  }))
}

function fieldsOf(user: string, scripted: (typeof SCRIPT)[number][1]) {
  const { type } = scripted
  if (type === 'AppOpen' || type === 'AppClose') return { type }
  const searchId = idOf(`${user} search ${scripted.search}`)
  const items = Array.from({ length: ITEMS_SHOWN }, (_, rank) => `sku-${idOf(`${user} ${scripted.search} ${rank}`, 6)}`)
  if (type === 'Search') return { type, searchId, query: scripted.query, app: 'shop-web/5.12.0', locale: 'en-GB' }
  if (type === 'Results') return { type, searchId, items }
  return { type, searchId, item: items[scripted.rank - 1] as string, position: scripted.rank, page: '/search' }
}

/** Repeats the searches and clicks of the standard session until there are so many events. */
export function longSession(user: string, startMs: number, events: number): SentEvent[] {
  const rounds = Math.ceil(events / (STANDARD_EVENTS - 2))
  return Array.from({ length: rounds }, (_, round) => {
    const whole = standardSession(`${user} ${round}`, startMs + round * LONG_ROUND_MS)
    return whole.slice(1, -1).map((event) => ({ ...event, user }))
  })
    .flat()
    .slice(0, events)
}

/** With this, a thousand events take less than `maxSessionDuration`. */
const LONG_ROUND_MS = 170_000

/** Returns an id that compresses as badly as a UUID does, but is the same every time. */
export function idOf(name: string, length = 22): string {
  return createHash('sha256').update(name).digest('base64url').slice(0, length)
}
