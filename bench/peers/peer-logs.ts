// Makes the logs that all peers read, with events in order of delivery and always the same.

import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import { generateLog } from '../../samples/generated-log.ts'
import type { SentEvent } from '../../samples/tutorial-events.ts'
import { BENCH_SETTINGS } from '../bench-settings.ts'

const START_MS = Date.parse('2026-03-02T00:00:00Z')
const DAYS = 3
const { gapMs } = BENCH_SETTINGS.rules

/** After all events of the logs. A replayed log arrives at this time. */
export const LOG_END_MS = START_MS + (DAYS + 2) * DAY_MS

/** The log to measure speed with. It is in order of event time, so no event is late. */
export function orderedLog(users = 20_000): SentEvent[] {
  const log = generateLog({ seed: 1, users, days: DAYS, startMs: START_MS })
  return log.sort((a, b) => timeOf(a) - timeOf(b))
}

/**
 * The log to compare results with. One event in a hundred is late, and scripted users try what
 * peers and ours handle differently.
 */
export function hardLog(users = 2000, ofEachHabit = 20): SentEvent[] {
  let newestMs = 0
  const generated = generateLog({ seed: 2, users, days: DAYS, startMs: START_MS }).map((event) => {
    newestMs = Math.max(newestMs, timeOf(event))
    return { event, deliveredMs: newestMs }
  })
  const scripted = Object.entries(HABITS).flatMap(([habit, script]) =>
    Array.from({ length: ofEachHabit }, (_, n) =>
      scriptedEvents(`${habit}-${n}`, START_MS + n * HOUR_MS, script),
    ).flat(),
  )
  return [...generated, ...scripted].sort((a, b) => a.deliveredMs - b.deliveredMs).map(({ event }) => event)
}

/**
 * An event, with its time and its delivery after the start. Without `deliveredMs` it is on time.
 */
type Step = readonly [
  afterMs: number,
  fields: { readonly type: string; readonly [field: string]: unknown },
  deliveredMs?: number,
]

const SEARCH = { type: 'Search', query: 'oak lamp' }
const RESULTS = { type: 'Results', items: ['oak-lamp-1', 'oak-lamp-2'] }
const CLICK = { type: 'ClickResult', item: 'oak-lamp-2' }

const FLOOD_EVENTS = 1200
const LONG_MS = 13 * HOUR_MS

/** The scripts of the users, by a name that completes "a user that". */
const HABITS: Readonly<Record<string, readonly Step[]>> = {
  'pauses-for-the-gap': [
    [0, SEARCH],
    [gapMs, CLICK],
  ],
  'pauses-for-longer': [
    [0, SEARCH],
    [gapMs + 1, CLICK],
  ],
  'never-searches': [
    [0, { type: 'AppOpen' }],
    [SECOND_MS, CLICK],
    [MINUTE_MS, { type: 'AppClose' }],
  ],
  'clicks-in-a-later-session': [
    [0, { ...SEARCH, searchId: 'first' }],
    [MINUTE_MS, { type: 'AppClose' }],
    [5 * MINUTE_MS, { ...SEARCH, searchId: 'second' }],
    [6 * MINUTE_MS, { ...CLICK, searchId: 'first' }],
  ],
  'goes-on-after-a-timeout': [
    [0, SEARCH],
    [MINUTE_MS, { type: 'Timeout' }],
    [2 * MINUTE_MS, CLICK],
  ],
  'goes-back-to-an-older-list': [
    [0, SEARCH],
    [SECOND_MS, RESULTS],
    [MINUTE_MS, { ...SEARCH, query: 'rug' }],
    [MINUTE_MS + SECOND_MS, { type: 'Results', items: ['rug-1'] }],
    [2 * MINUTE_MS, CLICK],
  ],
  'names-an-older-search': [
    [0, { ...SEARCH, searchId: 'first' }],
    [MINUTE_MS, { ...SEARCH, searchId: 'second' }],
    [2 * MINUTE_MS, { ...CLICK, searchId: 'first' }],
  ],
  'turns-the-page': [
    [0, { ...SEARCH, searchId: 'only' }],
    [MINUTE_MS, { ...SEARCH, searchId: 'only' }],
    [2 * MINUTE_MS, { ...CLICK, searchId: 'only' }],
  ],
  'arrives-backwards': [
    [0, SEARCH, 40 * SECOND_MS],
    [20 * SECOND_MS, RESULTS, 40 * SECOND_MS - 1],
    [40 * SECOND_MS, CLICK, 40 * SECOND_MS - 2],
  ],
  'is-a-robot': Array.from({ length: FLOOD_EVENTS }, (_, n): Step => [n * 2 * SECOND_MS, n % 2 === 0 ? SEARCH : CLICK]),
  'is-a-kiosk': Array.from({ length: LONG_MS / (20 * MINUTE_MS) }, (_, n): Step => [n * 20 * MINUTE_MS, SEARCH]),
}

function scriptedEvents(user: string, startMs: number, script: readonly Step[]) {
  return script.map(([afterMs, fields, deliveredMs = afterMs], n) => {
    const event = { user, time: new Date(startMs + afterMs).toISOString(), eventId: `${user}-${n}`, ...fields }
    return { event, deliveredMs: startMs + deliveredMs }
  })
}

function timeOf(event: SentEvent): number {
  return Date.parse(event.time as string)
}
