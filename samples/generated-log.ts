// Generates a realistic log of a search engine. A seed and sizes determine every event.

import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../functions/domain/durations.ts'
import type { SentEvent } from './tutorial-events.ts'

export interface LogSize {
  readonly seed: number
  readonly users: number
  readonly days: number
  /** Midnight UTC of the first day. */
  readonly startMs: number
  /** The average, above 1. Absent: a little less than 2. */
  readonly searchesPerSession?: number
  /** Gives every search the labels `application` and `variant`. Absent: none has labels. */
  readonly labels?: {
    /** How many times as often users of variant B click as those of variant A. */
    readonly liftOfB: number
  }
}

const THINGS = 'lamp chair table sofa desk shelf mirror rug vase clock bed stool pillow curtain basket candle'.split(
  ' ',
)
const QUALITIES = 'oak white small round vintage blue outdoor cheap folding wooden soft modern'.split(' ')

/** The weight of each hour for the starts of sessions: quiet nights, a busy evening. */
const HOURLY = [2, 1, 1, 1, 1, 2, 4, 7, 9, 9, 8, 9, 11, 9, 8, 8, 9, 10, 12, 15, 17, 15, 9, 5]

const ITEMS_SHOWN = 10
const SHARE = {
  zeroResults: 0.06,
  withSearchId: 0.7,
  appClose: 0.6,
  timeout: 0.05,
  /** Events delivered twice, as by a producer's retry. */
  duplicate: 0.02,
  /** Events delivered minutes to hours late, as from a phone that was offline. */
  late: 0.01,
  /** Searches whose list alone satisfies the user, without a click. */
  satisfiedByList: 0.15,
  /** Sessions with the label `shop`, where searches have labels. */
  shop: 0.7,
}

/** One delivery of the event that stands at `index` in its session. */
export interface Delivery {
  readonly session: readonly SentEvent[]
  readonly index: number
  readonly event: SentEvent
  readonly deliveredMs: number
}

/** Returns the next fraction from 0 (inclusive) to 1 (exclusive). */
type Random = () => number

/**
 * Generates a log in the order of delivery. Queries follow Zipf's law, clicks prefer the top of a
 * list, users come back, and some events are delivered late or twice.
 *
 * @example
 * generateLog({ seed: 7, users: 200, days: 3, startMs: Date.parse('2026-03-02T00:00:00Z') })
 */
export function generateLog(size: LogSize): SentEvent[] {
  return generateDeliveries(size).map(({ event }) => event)
}

/** Generates the same log, with the session of each event, for other formats of it. */
export function generateDeliveries(size: LogSize): Delivery[] {
  const generator = xoroshiro128plus(size.seed)
  const random: Random = () => uniformFloat64(generator)
  const deliveries: Delivery[] = []
  const searchScale = scaleOf(size.searchesPerSession)
  const visitorOf = labelling(size)
  for (let user = 1; user <= size.users; user++) {
    const visitor = visitorOf(`user-${user}`)
    // A few users have many sessions, and most have one or two.
    const sessions = Math.min(size.days * 3, Math.ceil(0.7 / (random() + 0.03)))
    for (let n = 0; n < sessions; n++) {
      const startMs = size.startMs + Math.floor(random() * size.days) * DAY_MS + timeOfDay(random)
      const session = sessionEvents(visitor, startMs, searchScale, random)
      deliveries.push(...session.flatMap((event, index) => deliver({ session, index, event }, random)))
    }
  }
  return deliveries.sort((a, b) => a.deliveredMs - b.deliveredMs)
}

/** A user, and what holds for all sessions of the user. */
interface Visitor {
  readonly user: string
  /** How many times as often the user clicks as others. */
  readonly lift: number
  /** Draws the labels of a session's searches, as a field of them. */
  labels(): Readonly<Record<string, unknown>>
}

/**
 * Draws each user's variant once. The draws have a source of their own, so that a log with labels
 * has the same searches as one without.
 */
function labelling({ seed, labels }: LogSize): (user: string) => Visitor {
  if (labels === undefined) return (user) => ({ user, lift: 1, labels: () => ({}) })
  const generator = xoroshiro128plus(seed ^ LABEL_SEED)
  const random: Random = () => uniformFloat64(generator)
  return (user) => {
    const variant = random() < 0.5 ? 'A' : 'B'
    const labelled = () => ({ labels: { application: random() < SHARE.shop ? 'shop' : 'blog', variant } })
    return { user, lift: variant === 'B' ? labels.liftOfB : 1, labels: labelled }
  }
}

const LABEL_SEED = 0x1abe1

function timeOfDay(random: Random): number {
  const total = HOURLY.reduce((sum, weight) => sum + weight, 0)
  let rest = random() * total
  const hour = HOURLY.findIndex((weight) => {
    rest -= weight
    return rest < 0
  })
  return hour * HOUR_MS + Math.floor(random() * HOUR_MS)
}

const SEARCH_SCALE = 1.4

/** The scale of an exponential distribution whose integer part is one less on average. */
function scaleOf(searchesPerSession: number | undefined): number {
  return searchesPerSession === undefined ? SEARCH_SCALE : 1 / Math.log(1 + 1 / (searchesPerSession - 1))
}

function sessionEvents(
  { user, lift, labels }: Visitor,
  startMs: number,
  searchScale: number,
  random: Random,
): SentEvent[] {
  const events: SentEvent[] = []
  let timeMs = startMs
  const add = (event: Readonly<Record<string, unknown>> & { readonly type: string }): void => {
    const eventId = `${user}-${startMs.toString(36)}-${events.length}`
    events.push({ user, time: new Date(timeMs).toISOString(), eventId, ...event })
  }
  const pause = (meanMs: number): void => {
    timeMs += Math.ceil(-Math.log(1 - random()) * meanMs)
  }
  add({ type: 'AppOpen' })
  const withLabels = labels()
  const searches = 1 + Math.floor(-Math.log(1 - random()) * searchScale)
  for (let n = 0; n < searches; n++) {
    pause(25 * SECOND_MS)
    const withId = random() < SHARE.withSearchId ? { searchId: `${user}-${startMs.toString(36)}-s${n}` } : {}
    const query = zipfQuery(random)
    const items = random() < SHARE.zeroResults ? [] : listFor(query)
    add({ type: 'Search', query, ...withId, ...withLabels })
    timeMs += 40 + Math.floor(random() * 200)
    add({ type: 'Results', items, ...withId })
    if (random() < SHARE.satisfiedByList) continue
    for (const [index, item] of items.entries()) {
      if (random() >= lift * clickProbability(index, query)) continue
      pause(12 * SECOND_MS)
      add({ type: 'ClickResult', item, position: index + 1, ...withId })
    }
  }
  const ending = random()
  pause(40 * SECOND_MS)
  if (ending < SHARE.appClose) add({ type: 'AppClose' })
  else if (ending < SHARE.appClose + SHARE.timeout) add({ type: 'Timeout' })
  return events
}

/** Draws the n-th most frequent query 1/n as often as the first. */
function zipfQuery(random: Random): string {
  const count = THINGS.length * QUALITIES.length
  const rank = Math.floor(count ** random()) - 1
  return `${QUALITIES[rank % QUALITIES.length]} ${THINGS[Math.floor(rank / QUALITIES.length)]}`
}

function listFor(query: string): string[] {
  const stem = query.replace(' ', '-')
  return Array.from({ length: ITEMS_SHOWN }, (_, n) => `${stem}-${n + 1}`)
}

/** Users click the first result most, and some queries have better lists than others. */
function clickProbability(index: number, query: string): number {
  const quality = 0.25 + ((query.length * 7) % 10) / 25
  return quality / (index + 1) ** 1.1
}

function deliver(sent: Omit<Delivery, 'deliveredMs'>, random: Random): Delivery[] {
  const atMs = Date.parse(sent.event.time as string)
  const delayMs = random() < SHARE.late ? MINUTE_MS + random() * 3 * HOUR_MS : random() * 2 * SECOND_MS
  const once = { ...sent, deliveredMs: atMs + delayMs }
  return random() < SHARE.duplicate ? [once, { ...sent, deliveredMs: atMs + delayMs + 5 * SECOND_MS }] : [once]
}
