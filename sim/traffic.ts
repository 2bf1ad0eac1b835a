// The users of one run: chance and rules in, what their devices put into the stream and when out.

import type { Rules } from '../functions/domain/sessions/rules.ts'
import type { ArrivedRecord } from '../functions/ports.ts'
import type { Stream } from './stream.ts'
import type { World } from './world.ts'

/** One event, or one line of garbage, as a producer sent it. */
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
  /** Distinguishes the event ids of one visit from those of another. */
  readonly name: string
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const QUERIES = ['dogs', 'cats', 'fruit', '']

/** @param onSent told of every record when it is put. */
export function schedule(visit: Visit, world: World, stream: Stream, rules: Rules, onSent: (sent: Sent) => void): void {
  const { chance } = world
  for (const user of visit.users) {
    const clockMs = world.faults.strikes('skewedClock')
      ? chance.between(-2 * rules.maxClockSkewMs, rules.maxClockSkewMs + SECOND)
      : 0
    const keyOf = chance.happens(0.9) ? () => user : () => String(chance.fraction())
    let count = 0
    const send: Send = (timeMs, fields) => {
      const eventId = `${visit.name}${++count}`
      const hasTime = chance.happens(0.95)
      const stamp = timeMs + clockMs
      const time = chance.happens(0.5) ? stamp : new Date(stamp).toISOString()
      const text = JSON.stringify({ user, eventId, ...fields, ...(hasTime ? { time } : {}) })
      const put = (): void => onSent({ user, eventId, ...sentAs(stream.put(keyOf(), text), text) })
      const putAtMs = timeMs + delayMs(world, rules)
      world.time.at(putAtMs, put)
      // Without a time of its own, what is put again has happened again.
      if (hasTime && world.faults.strikes('repeatedPut')) world.time.at(putAtMs + chance.between(10, 90 * MINUTE), put)
      if (world.faults.strikes('garbage')) {
        const garbage = chance.oneOf(['{', '[7]', '{"type":"Search"}', `{"type":"Search","user":"${user}"}`])
        world.time.at(putAtMs, () => onSent({ user, eventId: null, ...sentAs(stream.put(keyOf(), garbage), garbage) }))
      }
    }
    const sessions = chance.between(1, 4)
    for (let n = 0; n < sessions; n++) {
      const startMs = visit.startMs + Math.floor(chance.fraction() * visit.durationMs)
      if (world.faults.strikes('flood')) flood(startMs, world, send)
      else session(startMs, world, rules, send)
    }
  }
}

function sentAs({ sequenceNumber, arrivalMs }: ArrivedRecord, text: string) {
  return { text, sequenceNumber, arrivalMs }
}

type Send = (timeMs: number, fields: Readonly<Record<string, unknown>>) => void

function delayMs({ faults, chance }: World, rules: Rules): number {
  if (!faults.strikes('lateEvent')) return chance.between(0, 3 * SECOND)
  const longest = chance.happens(0.2) ? rules.amendForMs * 1.3 : Math.min(rules.amendForMs, 3 * 60 * MINUTE)
  return Math.floor(chance.fraction() * longest)
}

function session(startMs: number, { chance }: World, rules: Rules, send: Send): void {
  // Exactly the gap is the longest pause inside a session.
  const pauses = [0, 1, rules.gapMs, rules.gapMs + 1, Math.floor(rules.gapMs / 2), chance.between(1, rules.gapMs)]
  let timeMs = startMs
  const pause = (): number => {
    timeMs += chance.happens(0.3) ? chance.oneOf(pauses) : chance.between(0, Math.min(MINUTE, rules.gapMs))
    return timeMs
  }
  if (chance.happens(0.6)) send(pause(), { type: 'AppOpen' })
  const searches = chance.between(0, 4)
  for (let n = 0; n < searches; n++) {
    const searchId = chance.happens(0.6) ? { searchId: `s${chance.between(1, 6)}` } : {}
    const items = Array.from({ length: chance.between(0, 4) }, () => chance.oneOf(['a', 'b', 'c', 'd']))
    send(pause(), { type: 'Search', query: chance.oneOf(QUERIES), ...searchId })
    if (chance.happens(0.8)) send(pause(), { type: 'Results', items, ...searchId })
    const clicks = chance.between(0, 2)
    for (let click = 0; click < clicks; click++) {
      send(pause(), { type: 'ClickResult', item: chance.oneOf(['a', 'b', 'z']), ...searchId })
    }
  }
  if (chance.happens(0.5)) send(pause(), { type: chance.happens(0.7) ? 'AppClose' : 'Timeout' })
}

const FLOOD_EVENTS = 150

function flood(startMs: number, { chance }: World, send: Send): void {
  for (let n = 0; n < FLOOD_EVENTS; n++) {
    send(
      startMs + Math.floor(n / 4) * SECOND,
      chance.happens(0.5) ? { type: 'Search', query: 'bot' } : { type: 'AppOpen' },
    )
  }
}
