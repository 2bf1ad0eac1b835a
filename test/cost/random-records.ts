// Draws records of all sizes from a grammar that prefers extremes, for users with and without
// sessions.

import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import type { LateEvents } from '../../functions/domain/sessions/rules.ts'
import { RULES, type Sent } from '../support/events.ts'

/** Events of some users, one after the other. */
interface Burst {
  readonly count: number
  readonly users: number
  readonly contents: keyof typeof CONTENTS
  readonly ids: keyof typeof IDS
  /** The time of the first event, before the record arrives. */
  readonly beforeMs: number
  /** From one event to the next. */
  readonly spacingMs: number
}

export interface CostCase {
  /** Delivered before, each as a record, so that the users have sessions. */
  readonly earlier: readonly Burst[]
  /** Whether the earlier sessions are closed. */
  readonly areClosed: boolean
  readonly record: readonly Burst[]
  readonly order: 'as drawn' | 'in turn' | 'reversed'
  readonly packing: 'lines' | 'array' | 'gzip'
  readonly lateEvents: LateEvents
  readonly maxSessionEvents: number
}

const EACH = {
  closers: () => ({ type: 'AppClose' }),
  searches: (n) => ({ type: 'Search', query: `query ${n}`, searchId: `s${n % 5}` }),
  'long searches': (n) => ({ type: 'Search', query: String.fromCodePoint(0x4e00 + (n % 5000)).repeat(1000) }),
  lists: (n) => ({ type: 'Results', items: Array.from({ length: 300 }, (_, item) => `item ${n * 300 + item}`) }),
  clicks: (n) => ({ type: 'ClickResult', item: `item ${n}`, searchId: `s${n % 5}` }),
  'no events': (n) => ({ type: 'Serch', n }),
} satisfies Record<string, (n: number) => Sent>

const CONTENTS = {
  ...EACH,
  'all of these in turn': (n: number): Sent => {
    const all = [EACH.searches, EACH.lists, EACH.clicks, EACH.closers, EACH['no events']]
    return all[n % all.length]?.(n) ?? {}
  },
}

const IDS = {
  own: (burst, n) => ({ eventId: `e${burst}.${n}` }),
  shared: (_, n) => ({ eventId: `e${n % 7}` }),
  'one for all': () => ({ eventId: 'e' }),
  none: () => ({}),
} satisfies Record<string, (burst: number, n: number) => Sent>

const { gapMs, amendForMs } = RULES
const spacingMs = fc.constantFrom(0, 1, SECOND_MS, 5 * MINUTE_MS, gapMs, gapMs + 1, -gapMs - 1, 2 * HOUR_MS, DAY_MS)
const beforeMs = fc.oneof(
  fc.constantFrom(0, -10 * MINUTE_MS, gapMs, DAY_MS, amendForMs - HOUR_MS, amendForMs, amendForMs + DAY_MS),
  fc.constantFrom(30 * DAY_MS, 55 * 365 * DAY_MS),
)

function burst(count: fc.Arbitrary<number>): fc.Arbitrary<Burst> {
  return fc.record({
    count,
    users: fc.oneof(fc.constant(1), fc.constantFrom(2, 5), fc.constant(10_000)),
    contents: fc.constantFrom(...(Object.keys(CONTENTS) as Burst['contents'][])),
    ids: fc.constantFrom(...(Object.keys(IDS) as Burst['ids'][])),
    beforeMs,
    spacingMs,
  })
}

const few = fc.integer({ min: 1, max: 30 })
const many = fc.integer({ min: 100, max: 1000 })
const most = fc.integer({ min: 5000, max: 10_000 })

/** Most records are small, since large ones take a thousand times as long. */
export const costCase: fc.Arbitrary<CostCase> = fc.record({
  earlier: fc.array(burst(fc.oneof({ weight: 9, arbitrary: few }, { weight: 1, arbitrary: many })), { maxLength: 3 }),
  areClosed: fc.boolean(),
  record: fc.array(
    burst(fc.oneof({ weight: 190, arbitrary: few }, { weight: 9, arbitrary: many }, { weight: 1, arbitrary: most })),
    { minLength: 1, maxLength: 3 },
  ),
  order: fc.constantFrom('as drawn', 'in turn', 'reversed'),
  packing: fc.constantFrom('lines', 'array', 'gzip'),
  lateEvents: fc.constantFrom('amend', 'divert'),
  maxSessionEvents: fc.constantFrom(RULES.maxSessionEvents, 10),
})

/** The most events and bytes of one record; an event that is longer than expected is left out. */
const EVENTS_MAX = 10_000
const BYTES_MAX = { lines: 1_000_000, array: 1_000_000, gzip: 8_000_000 }

export function recordOf(
  bursts: readonly Burst[],
  how: Pick<CostCase, 'order' | 'packing'>,
  arrivalMs: number,
): Buffer {
  const lists = bursts.map((one, n) => eventsOf(one, n, arrivalMs))
  const sent = how.order === 'in turn' ? inTurn(lists) : lists.flat()
  const texts = (how.order === 'reversed' ? sent.reverse() : sent).map((event) => JSON.stringify(event))
  const taken: string[] = []
  let bytes = 2
  for (const text of texts.slice(0, EVENTS_MAX)) {
    bytes += Buffer.byteLength(text) + 1
    if (bytes > BYTES_MAX[how.packing]) break
    taken.push(text)
  }
  if (how.packing === 'lines') return Buffer.from(taken.join('\n'))
  const array = Buffer.from(`[${taken.join(',')}]`)
  return how.packing === 'array' ? array : gzipSync(array, { level: 1 })
}

function eventsOf(
  { count, users, contents, ids, beforeMs: before, spacingMs: spacing }: Burst,
  index: number,
  arrivalMs: number,
): Sent[] {
  return Array.from({ length: count }, (_, n) => ({
    ...CONTENTS[contents](n),
    ...IDS[ids](index, n),
    user: `u${n % users}`,
    time: arrivalMs - before - (count - 1 - n) * spacing,
  }))
}

function inTurn(lists: readonly (readonly Sent[])[]): Sent[] {
  const longest = Math.max(...lists.map((list) => list.length))
  return Array.from({ length: longest }, (_, n) =>
    lists.flatMap((list) => (list[n] === undefined ? [] : [list[n]])),
  ).flat()
}
