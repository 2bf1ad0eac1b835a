// Simulates the users of a run: draws which events their devices send and when, and puts them into
// the stream.

import { ARRIVAL_SPREAD_MS } from '../functions/aws/stream/shard-reading.ts'
import { MINUTE_MS, SECOND_MS } from '../functions/domain/durations.ts'
import type { Rules } from '../functions/domain/sessions/rules.ts'
import type { ArrivedRecord } from '../functions/ports.ts'
import type { Random } from './random.ts'
import type { Stream } from './stream.ts'
import type { World } from './world.ts'

/** One record as a producer sent it: an event, or garbage. */
export interface Sent {
  readonly user: string
  /** Null for garbage. */
  readonly eventId: string | null
  readonly text: string
  readonly sequenceNumber: string
  readonly arrivalMs: number
}

export interface Visit {
  readonly users: readonly string[]
  readonly startMs: number
  readonly durationMs: number
  /** The prefix of the visit's event ids, so that two visits share none. */
  readonly name: string
}

const QUERIES = ['dogs', 'cats', 'fruit', '']

/** @param onSent receives every record when it is put. */
export function schedule(visit: Visit, world: World, stream: Stream, rules: Rules, onSent: (sent: Sent) => void): void {
  const { random } = world
  for (const user of visit.users) {
    const clockMs = world.faults.strikes('skewedClock')
      ? random.between(-2 * rules.maxClockSkewMs, rules.maxClockSkewMs + SECOND_MS)
      : 0
    const keyOf = random.happens(0.9) ? () => user : () => String(random.fraction())
    let count = 0
    const send: Send = (timeMs, fields, takesMs = delayMs(world, rules)) => {
      const eventId = `${visit.name}${++count}`
      const hasTime = random.happens(0.95)
      const deviceMs = timeMs + clockMs
      const time = random.happens(0.5) ? deviceMs : new Date(deviceMs).toISOString()
      const text = JSON.stringify({ user, eventId, ...fields, ...(hasTime ? { time } : {}) })
      const put = (): void => onSent({ user, eventId, ...sentAs(stream.put(keyOf(), text), text) })
      const putAtMs = timeMs + takesMs
      world.time.at(putAtMs, put)
      // An event without a time takes that of its arrival. Put again, it would be another event.
      if (hasTime && world.faults.strikes('repeatedPut'))
        world.time.at(putAtMs + random.between(10, 90 * MINUTE_MS), put)
      if (world.faults.strikes('garbage')) {
        const garbage = random.oneOf(['{', '[7]', '{"type":"Search"}', `{"type":"Search","user":"${user}"}`])
        world.time.at(putAtMs, () => onSent({ user, eventId: null, ...sentAs(stream.put(keyOf(), garbage), garbage) }))
      }
    }
    const sessions = random.between(1, 4)
    for (let n = 0; n < sessions; n++) {
      const startMs = visit.startMs + Math.floor(random.fraction() * visit.durationMs)
      if (world.faults.strikes('flood')) flood(startMs, world, send)
      else session(startMs, world, rules, send)
    }
  }
}

function sentAs({ sequenceNumber, arrivalMs }: ArrivedRecord, text: string) {
  return { text, sequenceNumber, arrivalMs }
}

/** @param takesMs the time from the event to its put. */
type Send = (timeMs: number, fields: Readonly<Record<string, unknown>>, takesMs?: number) => void

function delayMs({ faults, random }: World, rules: Rules): number {
  if (!faults.strikes('lateEvent')) return random.between(0, 3 * SECOND_MS)
  const longest = random.happens(0.2) ? rules.amendForMs * 1.3 : Math.min(rules.amendForMs, 3 * 60 * MINUTE_MS)
  return Math.floor(random.fraction() * longest)
}

function session(startMs: number, { random, unordered, labels }: World, rules: Rules, send: Send): void {
  // A pause of exactly the gap still joins, so the pauses around it are drawn often.
  const pauses = [0, 1, rules.gapMs, rules.gapMs + 1, Math.floor(rules.gapMs / 2), random.between(1, rules.gapMs)]
  let timeMs = startMs
  const pause = (): number => {
    timeMs += random.happens(0.3) ? random.oneOf(pauses) : random.between(0, Math.min(MINUTE_MS, rules.gapMs))
    return timeMs
  }
  if (random.happens(0.6)) send(pause(), { type: 'AppOpen' })
  const searches = random.between(0, 4)
  for (let n = 0; n < searches; n++) {
    const searchId = random.happens(0.6) ? { searchId: `s${random.between(1, 6)}` } : {}
    const items = Array.from({ length: random.between(0, 4) }, () => random.oneOf(['a', 'b', 'c', 'd']))
    send(pause(), { type: 'Search', query: random.oneOf(QUERIES), ...searchId, ...labels() })
    if (random.happens(0.8)) send(pause(), { type: 'Results', items, ...searchId })
    const clicks = random.between(0, 2)
    for (let click = 0; click < clicks; click++) {
      send(pause(), { type: 'ClickResult', item: random.oneOf(['a', 'b', 'z']), ...searchId })
    }
  }
  if (random.happens(0.5)) send(pause(), { type: random.happens(0.7) ? 'AppClose' : 'Timeout' })
  else if (unordered?.straggles()) straggler(timeMs, random, rules, send)
}

/**
 * Sends a search whose session is due around a full minute, when sweeps run, and a click that is
 * only just on time. A sweep that trusts arrival times exactly closes the session before the click.
 */
function straggler(afterMs: number, random: Random, rules: Rules, send: Send): void {
  const waitMs = rules.gapMs + rules.latenessMs
  const dueMs = Math.ceil((afterMs + waitMs) / MINUTE_MS) * MINUTE_MS
  const searchMs = dueMs - waitMs + random.between(0, ARRIVAL_SPREAD_MS)
  send(searchMs, { type: 'Search', query: 'dogs' })
  const takesMs = Math.max(0, rules.latenessMs - random.between(0, ARRIVAL_SPREAD_MS))
  send(searchMs + rules.gapMs, { type: 'ClickResult', item: 'a' }, takesMs)
}

const FLOOD_EVENTS = 150

function flood(startMs: number, { random }: World, send: Send): void {
  for (let n = 0; n < FLOOD_EVENTS; n++) {
    send(
      startMs + Math.floor(n / 4) * SECOND_MS,
      random.happens(0.5) ? { type: 'Search', query: 'bot' } : { type: 'AppOpen' },
    )
  }
}

const ABUSER = 'abuser'
const BURST_EVENTS = 200
const FAR_EVENTS = 20

/**
 * Lets a user send closers, each of which is a session: a burst within a minute, and some whose
 * times lie up to an hour apart. All are of the last day, which the check at rest covers.
 *
 * @param random a source of its own, so that the other draws of a seed stay as they are.
 */
export function scheduleAbuse(
  startMs: number,
  random: Random,
  { time, faults }: World,
  stream: Stream,
  onSent: (sent: Sent) => void,
): void {
  faults.struck('abuser')
  const burstMs = startMs + random.between(0, 3 * 60 * MINUTE_MS)
  const times = [
    ...Array.from({ length: BURST_EVENTS }, (_, n) => burstMs + n * 300),
    ...Array.from({ length: FAR_EVENTS }, (_, n) => burstMs - n * random.between(1, 60) * MINUTE_MS),
  ]
  for (const [n, eventMs] of times.entries()) {
    const eventId = `abuse${n}`
    const text = JSON.stringify({ user: ABUSER, eventId, type: 'AppClose', time: eventMs })
    time.at(Math.max(burstMs, eventMs), () =>
      onSent({ user: ABUSER, eventId, ...sentAs(stream.put(ABUSER, text), text) }),
    )
  }
}
