// How fast the domain is on one core: events and users in, events a second of CPU and memory out, without stores or network.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { sha256 } from '../functions/aws/digest.ts'
import { toClose, withoutClosed } from '../functions/domain/closing.ts'
import { decodeEvent } from '../functions/domain/decode.ts'
import type { Arrival } from '../functions/domain/event.ts'
import { toRows } from '../functions/domain/result.ts'
import { apply, NEW_USER, type UserState } from '../functions/domain/user-state.ts'
import { BENCH_SETTINGS } from './bench-settings.ts'
import { STANDARD_EVENTS, standardSession } from './standard-session.ts'

export interface CoreSpeed {
  readonly events: number
  readonly users: number
  readonly perBatch: number
  /** Of CPU; the most of several runs. */
  readonly eventsPerSecond: number
  /** Held after the last event, by what the domain keeps of its users. */
  readonly heapMegabytes: number
}

interface CoreLoad {
  readonly events: number
  readonly users: number
  readonly perBatch: number
}

const LOADS: readonly CoreLoad[] = [
  { events: 10_000, users: 10, perBatch: 5 },
  { events: 100_000, users: 1000, perBatch: 5 },
  { events: 1_000_000, users: 1000, perBatch: 1 },
  { events: 1_000_000, users: 1000, perBatch: 5 },
  { events: 1_000_000, users: 100_000, perBatch: 5 },
]
const RUNS = 3
/** Longer than a gap and its lateness, so that what a user did before is closed. */
const ROUND_MS = 60 * 60 * 1000
const START_MS = Date.parse('2026-03-02T09:00:30Z')

export async function measureCore(
  onStep: (text: string) => void,
  loads: readonly CoreLoad[] = LOADS,
): Promise<CoreSpeed[]> {
  return loads.map((load) => {
    onStep(`${load.events} events`)
    // A million take a while, and vary less.
    const runs = load.events >= 1_000_000 ? 1 : RUNS
    const speeds = Array.from({ length: runs }, () => runOnce(load))
    return { ...load, ...speeds.reduce((best, speed) => (speed.eventsPerSecond > best.eventsPerSecond ? speed : best)) }
  })
}

type Measured = Pick<CoreSpeed, 'eventsPerSecond' | 'heapMegabytes'>

/** Standard sessions of every user, round after round: decoded, applied, closed when due, and made into rows. */
function runOnce({ events, users, perBatch }: CoreLoad): Measured {
  const states = new Map<string, UserState>()
  const texts = sessionTexts()
  let done = 0
  let rows = 0
  const before = process.cpuUsage()
  for (let round = 0; done < events; round++) {
    const roundMs = START_MS + round * ROUND_MS
    for (let user = 0; user < users && done < events; user++) {
      const name = `user-${user}`
      let state = states.get(name) ?? NEW_USER
      for (let from = 0; from < STANDARD_EVENTS; from += perBatch) {
        const arrivals = texts.slice(from, from + perBatch).map((text) => arrivalOf(text, roundMs, round))
        const { state: applied } = apply(state, [], arrivals, BENCH_SETTINGS.rules)
        state = { ...applied, version: state.version + 1 }
      }
      const closings = toClose(state, roundMs + ROUND_MS, BENCH_SETTINGS.rules, 'due')
      for (const { session, reason } of closings) {
        rows += toRows({ user: name, session, reason, version: state.version }, sha256).length
      }
      states.set(name, withoutClosed(state, closings, BENCH_SETTINGS.rules))
      done += STANDARD_EVENTS
    }
  }
  // CPU, not the clock: what else the machine does is left out.
  const { user, system } = process.cpuUsage(before)
  const seconds = (user + system) / 1e6
  if (rows !== (done / STANDARD_EVENTS) * 3) throw new Error(`${rows} rows of ${done} events`)
  return { eventsPerSecond: Math.round(done / seconds), heapMegabytes: heapMegabytes(states) }
}

/** As they come from the stream, but for times and ids, which each round puts in. */
function sessionTexts(): string[] {
  return standardSession('user', 0).map((event) => JSON.stringify({ ...event, time: Date.parse(event.time as string) }))
}

function arrivalOf(text: string, roundMs: number, round: number): Arrival {
  const sent = JSON.parse(text) as Record<string, unknown>
  const timeMs = roundMs + (sent.time as number)
  const fields = { ...sent, time: timeMs, eventId: `${round}-${sent.eventId}` }
  const decoded = decodeEvent(fields, timeMs, BENCH_SETTINGS.rules.maxClockSkewMs, sha256)
  if (!decoded.ok) throw new Error(`${decoded.reason}: ${decoded.detail}`)
  return { event: decoded.event, arrivalMs: timeMs }
}

/** Of what is still in use. */
function heapMegabytes(kept: ReadonlyMap<string, UserState>): number {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  const used = process.memoryUsage().heapUsed
  return kept.size === 0 ? 0 : Math.round(used / 1e5) / 10
}
