// Tests that the generated log is always the same and has the difficulties of real logs.

import { describe, expect, it } from 'vitest'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../functions/domain/durations.ts'
import { decodeEvent } from '../../functions/domain/events/decode.ts'
import { EVENT_TYPES } from '../../functions/domain/events/event.ts'
import { generateLog } from '../../samples/generated-log.ts'
import type { SentEvent } from '../../samples/tutorial-events.ts'
import { ORIGIN_MS, RULES } from '../support/events.ts'

const SIZE = { seed: 7, users: 200, days: 3, startMs: ORIGIN_MS }
const LOG = generateLog(SIZE)

function timeOf(event: SentEvent): number {
  return Date.parse(event.time as string)
}

/** How far each event lies behind the newest before it. */
function delays(log: readonly SentEvent[]): number[] {
  let newestMs = Number.NEGATIVE_INFINITY
  return log.map((event) => {
    newestMs = Math.max(newestMs, timeOf(event))
    return newestMs - timeOf(event)
  })
}

function ofType(type: string): SentEvent[] {
  return LOG.filter((event) => event.type === type)
}

describe('a seed', () => {
  it('generates the same log again from the same seed', () => expect(generateLog(SIZE)).toEqual(LOG))

  it('generates another log from another seed', () => {
    const other = generateLog({ ...SIZE, seed: 8 })
    expect(other).not.toEqual(LOG)
    expect(other.slice(0, 10)).not.toEqual(LOG.slice(0, 10))
  })
})

describe('the log', () => {
  it('generates events of every type and of every user', () => {
    expect([...new Set(LOG.map(({ type }) => type))].sort()).toEqual([...EVENT_TYPES].sort())
    expect(new Set(LOG.map(({ user }) => user)).size).toBe(SIZE.users)
  })

  it('generates no event that the decoder rejects', () => {
    const read = LOG.map((event) => decodeEvent(event, timeOf(event), RULES, sha256))
    expect(read.filter(({ ok }) => !ok)).toEqual([])
  })

  it('starts sessions on every day of the log, and on no other', () => {
    const days = new Set(ofType('AppOpen').map((event) => Math.floor((timeOf(event) - SIZE.startMs) / DAY_MS)))
    expect([...days].sort()).toEqual([0, 1, 2])
  })

  it('starts more sessions in the evening than at night', () => {
    const opened = (from: number, to: number): number =>
      ofType('AppOpen').filter((event) => {
        const hour = Math.floor((timeOf(event) % DAY_MS) / HOUR_MS)
        return hour >= from && hour < to
      }).length
    expect(opened(18, 22)).toBeGreaterThan(2 * opened(1, 5))
  })

  it('delivers some events twice, as identical copies', () => {
    const firsts = new Map<string, SentEvent>()
    const twice: [SentEvent, SentEvent][] = []
    for (const event of LOG) {
      const key = `${event.user} ${event.eventId}`
      const first = firsts.get(key)
      if (first === undefined) firsts.set(key, event)
      else twice.push([first, event])
    }
    expect(twice.length).toBeGreaterThan(LOG.length / 100)
    expect(twice.length).toBeLessThan(LOG.length / 25)
    for (const [first, again] of twice) expect(again).toEqual(first)
  })

  it('delivers some events later than the default lateness, and most in time', () => {
    const late = delays(LOG).filter((delayMs) => delayMs > MINUTE_MS).length
    expect(late).toBeGreaterThan(0)
    expect(late).toBeLessThan(LOG.length / 20)
    expect(Math.max(...delays(LOG))).toBeGreaterThan(30 * MINUTE_MS)
  })

  it('generates fewer searches without results than with', () => {
    const empty = ofType('Results').filter(({ items }) => (items as string[]).length === 0).length
    expect(empty).toBeGreaterThan(0)
    expect(empty).toBeLessThan(ofType('Results').length / 5)
  })

  it('generates searches with an id and without', () => {
    const withId = ofType('Search').filter(({ searchId }) => searchId !== undefined).length
    expect(withId).toBeGreaterThan(0)
    expect(withId).toBeLessThan(ofType('Search').length)
  })

  it('generates more clicks at the top of the list', () => {
    const at = (position: number): number => ofType('ClickResult').filter((click) => click.position === position).length
    expect(at(1)).toBeGreaterThan(at(3))
    expect(at(3)).toBeGreaterThan(at(10))
    expect(at(10)).toBeGreaterThan(0)
  })

  it('generates sessions that end with a closer, and sessions that just stop', () => {
    const closers = ofType('AppClose').length + ofType('Timeout').length
    expect(ofType('AppClose').length).toBeGreaterThan(ofType('Timeout').length)
    expect(closers).toBeLessThan(ofType('AppOpen').length)
  })
})

describe('a log with labels', () => {
  const labelled = (liftOfB: number, users = SIZE.users) => generateLog({ ...SIZE, users, labels: { liftOfB } })
  const searchesIn = (log: readonly SentEvent[]) => log.filter(({ type }) => type === 'Search')
  const labelsOf = ({ labels }: SentEvent) => labels as { application: string; variant: string }

  it('has the events of the log without them, and labels on every search', () => {
    const log = labelled(1)
    expect(log.map(({ labels, ...event }) => event)).toEqual(LOG)
    expect(log.filter((event) => 'labels' in event !== (event.type === 'Search'))).toEqual([])
  })

  it('gives a user one variant, about half of the users each, and sessions an application', () => {
    const variants = new Map<unknown, Set<string>>()
    for (const search of searchesIn(labelled(1)))
      variants.set(search.user, (variants.get(search.user) ?? new Set()).add(labelsOf(search).variant))
    expect([...variants.values()].every(({ size }) => size === 1)).toBe(true)
    const share = [...variants.values()].filter((of) => of.has('B')).length / variants.size
    expect(Math.abs(share - 0.5)).toBeLessThan(0.1)
    const applications = new Set(searchesIn(labelled(1)).map((search) => labelsOf(search).application))
    expect([...applications].sort()).toEqual(['blog', 'shop'])
  })

  it('lets users of variant B click more often, and those of variant A as before', () => {
    const clicksOf = (log: readonly SentEvent[], variant: string): number => {
      const users = new Set(searchesIn(log).flatMap((one) => (labelsOf(one).variant === variant ? [one.user] : [])))
      const clicks = log.filter(({ type, user }) => type === 'ClickResult' && users.has(user)).length
      return clicks / searchesIn(log).filter(({ user }) => users.has(user)).length
    }
    const [same, lifted] = [labelled(1, 2000), labelled(1.5, 2000)]
    expect(clicksOf(lifted, 'B') / clicksOf(same, 'B')).toBeGreaterThan(1.3)
    expect(clicksOf(lifted, 'A') / clicksOf(same, 'A')).toBeCloseTo(1, 1)
  })
})
