// Runs the domain on one load in a process of its own, and prints the CPU of each stage and the
// memory as JSON.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { DAY_MS } from '../../functions/domain/durations.ts'
import { type Decoded, decodeEvent, parseEvent } from '../../functions/domain/events/decode.ts'
import type { Arrival } from '../../functions/domain/events/event.ts'
import { lastOf, type NonEmpty, nonEmpty } from '../../functions/domain/non-empty.ts'
import { toRows } from '../../functions/domain/results/result-rows.ts'
import { affectedRanges } from '../../functions/domain/sessions/affected-ranges.ts'
import { planCapacity } from '../../functions/domain/sessions/capacity.ts'
import { type Closing, toClose, withoutClosed } from '../../functions/domain/sessions/closing.ts'
import { apply, NEW_USER, type UserState } from '../../functions/domain/sessions/user-state.ts'
import { BENCH_SETTINGS } from '../bench-settings.ts'
import { STANDARD_EVENTS } from '../standard-session.ts'
import { type ItemChoice, STAGES, type Stage, sessionSource } from './core-load.ts'

export interface CoreLoad {
  readonly events: number
  readonly users: number
  readonly perBatch: number
  readonly sessionEvents: number
  readonly items: ItemChoice
}

export interface CoreSpeed extends CoreLoad {
  /** Microseconds of CPU. */
  readonly microsPerEvent: Readonly<Record<Stage, number>>
  /** Events a second of CPU, without `parse`. */
  readonly eventsPerSecond: number
  /** The heap after the last event, most of it the states of the users. */
  readonly heapMegabytes: number
}

/** Until it has run this load, a process spends most of its time on compiling. */
const WARM_UP = {
  events: 200_000,
  users: 1_000,
  perBatch: 5,
  sessionEvents: STANDARD_EVENTS,
  items: 'catalogue',
} as const
/**
 * Longer than a session with its gap and lateness, so that a user's session closes before the next.
 */
const ROUND_MS = DAY_MS
const START_MS = Date.parse('2026-03-02T09:00:30Z')
/**
 * Events that pass all stages before the run makes the next ones, so that it holds few in memory.
 */
const CHUNK_EVENTS = 2_000

const { rules, rowRules } = BENCH_SETTINGS

interface Run {
  readonly load: CoreLoad
  readonly states: Map<string, UserState>
  readonly micros: Record<Stage, number>
  rows: number
}

/** Computes a session of every user, round after round, from texts to rows. */
function runOnce(load: CoreLoad): CoreSpeed {
  const { events, users, sessionEvents, items } = load
  const source = sessionSource(sessionEvents, items)
  const run: Run = { load, states: new Map(), micros: { parse: 0, decode: 0, apply: 0, close: 0, rows: 0 }, rows: 0 }
  const usersAtOnce = Math.min(users, Math.ceil(CHUNK_EVENTS / sessionEvents))
  const chunks = Math.ceil(events / (usersAtOnce * sessionEvents))
  const roundChunks = Math.ceil(users / usersAtOnce)
  for (let chunk = 0; chunk < chunks; chunk++) {
    const startMs = START_MS + Math.floor(chunk / roundChunks) * ROUND_MS
    const first = (chunk % roundChunks) * usersAtOnce
    const names = Array.from({ length: usersAtOnce }, (_, n) => `user-${first + n}`)
    runChunk(run, new Map(names.map((name) => [name, source.texts(name, startMs)])), startMs + ROUND_MS)
  }
  const done = chunks * usersAtOnce * sessionEvents
  if (run.rows === 0) throw new Error(`no rows of ${done} events`)
  const microsPerEvent = { ...run.micros }
  for (const stage of STAGES) microsPerEvent[stage] /= done
  const { decode, apply, close, rows } = microsPerEvent
  const eventsPerSecond = Math.round(1e6 / (decode + apply + close + rows))
  return { ...load, microsPerEvent, eventsPerSecond, heapMegabytes: heapMegabytes(run.states) }
}

/** @param texts the events that arrive, by user. */
function runChunk(run: Run, texts: ReadonlyMap<string, readonly string[]>, closeAtMs: number): void {
  const users = [...texts]
  const parsed = timed(run, 'parse', () => users.map(([, sent]) => sent.map(parsedValue)))
  const arrivals = timed(run, 'decode', () => parsed.map((values) => values.map(arrivalOf)))
  const batches = arrivals.map((arrived) => inBatches(arrived, run.load.perBatch))
  const applied = timed(run, 'apply', () =>
    users.map(([user], n) => appended(run.states.get(user) ?? NEW_USER, batches[n] ?? [])),
  )
  const closed = timed(run, 'close', () => applied.map((state) => closeDue(state, closeAtMs)))
  const rows = timed(run, 'rows', () =>
    users.map(([user], n) =>
      closed[n]?.closings.map((closing) => toRows({ ...closing, user, version: 1 }, sha256, rowRules)),
    ),
  )
  run.rows += rows.flat(2).length
  for (const [n, [user]] of users.entries()) run.states.set(user, closed[n]?.state ?? NEW_USER)
}

/**
 * Adds the CPU that the work takes. Unlike the clock, CPU leaves out other programs. It includes
 * garbage collection and compiling.
 */
function timed<T>({ micros }: Run, stage: Stage, work: () => T): T {
  const before = process.cpuUsage()
  const done = work()
  const { user, system } = process.cpuUsage(before)
  micros[stage] += user + system
  return done
}

function parsedValue(text: string): unknown {
  const parsed = parseEvent(text)
  if (!parsed.ok) throw new Error(parsed.detail)
  return parsed.value
}

/** Each event arrives when it happens, so all are on time. */
function arrivalOf(value: unknown): Arrival {
  const { event } = decodedOf(value)
  return { event, arrivalMs: event.timeMs }
}

function decodedOf(value: unknown): Decoded {
  const decoded = decodeEvent(value, Number.MAX_SAFE_INTEGER, rules, sha256)
  if (!decoded.ok) throw new Error(`${decoded.reason}: ${decoded.detail}`)
  return decoded
}

function inBatches(arrivals: readonly Arrival[], perBatch: number): NonEmpty<Arrival>[] {
  const batches: NonEmpty<Arrival>[] = []
  for (let from = 0; from < arrivals.length; from += perBatch) {
    batches.push(nonEmpty(arrivals.slice(from, from + perBatch)))
  }
  return batches
}

/** Makes the calls that ingest makes for each write of a user. */
function appended(before: UserState, batches: readonly NonEmpty<Arrival>[]): UserState {
  let state = before
  for (const batch of batches) {
    const ranges = affectedRanges(state, batch, rules)
    const plan = planCapacity(state, [], batch, rules)
    const applied = apply(state, [], batch, rules)
    const isInOrder = ranges.length === 0 && plan.groups.length === 1 && applied.accepted === batch.length
    if (!isInOrder) throw new Error('the load must hold new events in order only')
    state = { ...applied.state, version: state.version + 1 }
    const limited = toClose(state, lastOf(batch).arrivalMs, rules, 'limits')
    if (limited.length > 0) throw new Error('the load must not reach a limit')
  }
  return state
}

interface Due {
  readonly closings: readonly Closing[]
  readonly state: UserState
}

/** Makes the calls that the sweeper makes for a user. */
function closeDue(state: UserState, atMs: number): Due {
  const closings = toClose(state, atMs, rules, 'due')
  return { closings, state: { ...withoutClosed(state, closings, rules), version: state.version + 1 } }
}

/** @param states as an argument, they are still in use when the collector runs. */
function heapMegabytes(states: ReadonlyMap<string, UserState>): number {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  const used = process.memoryUsage().heapUsed
  return states.size === 0 ? 0 : Math.round(used / 1e5) / 10
}

runOnce(WARM_UP)
console.log(JSON.stringify(runOnce(JSON.parse(process.argv[2] ?? '') as CoreLoad)))
