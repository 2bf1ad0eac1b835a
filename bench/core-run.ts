// One run of the domain in a process of its own: a load as an argument in, CPU of each stage and memory as JSON out.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { sha256 } from '../functions/aws/runtime/digest.ts'
import { type Decoded, decodeEvent, parseEvent } from '../functions/domain/events/decode.ts'
import type { Arrival } from '../functions/domain/events/event.ts'
import { lastOf, nonEmpty } from '../functions/domain/non-empty.ts'
import { toRows } from '../functions/domain/results/result-rows.ts'
import { planCapacity } from '../functions/domain/sessions/capacity.ts'
import { type Closing, toClose, withoutClosed } from '../functions/domain/sessions/closing.ts'
import { affectedRanges } from '../functions/domain/sessions/neighbours.ts'
import { apply, NEW_USER, type UserState } from '../functions/domain/sessions/user-state.ts'
import { BENCH_SETTINGS } from './bench-settings.ts'
import { type ItemChoice, sessionSource } from './core-load.ts'
import { STANDARD_EVENTS } from './standard-session.ts'

/** In the order in which an event passes them. JSON is read by Node, so `parse` is in no total. */
const STAGES = ['parse', 'decode', 'apply', 'close', 'rows'] as const
type Stage = (typeof STAGES)[number]

export interface CoreLoad {
  readonly events: number
  readonly users: number
  readonly perBatch: number
  readonly sessionEvents: number
  readonly items: ItemChoice
}

export interface CoreSpeed extends CoreLoad {
  /** Of CPU. */
  readonly microsPerEvent: Readonly<Record<Stage, number>>
  /** Of CPU, and without `parse`. */
  readonly eventsPerSecond: number
  /** Held after the last event, by what the domain keeps of its users. */
  readonly heapMegabytes: number
}

/** Of a process that just started, most is Node's compiling. */
const WARM_UP = {
  events: 200_000,
  users: 1_000,
  perBatch: 5,
  sessionEvents: STANDARD_EVENTS,
  items: 'catalogue',
} as const
/** Longer than a gap and its lateness, and than any session, so that what a user did before is closed. */
const ROUND_MS = 24 * 60 * 60 * 1000
const START_MS = Date.parse('2026-03-02T09:00:30Z')
/** Events that are worked on stage by stage before the next are made: few, so that no load is held in memory. */
const CHUNK_EVENTS = 2_000

const { rules } = BENCH_SETTINGS

interface Run {
  readonly load: CoreLoad
  readonly states: Map<string, UserState>
  readonly micros: Record<Stage, number>
  rows: number
}

/** Sessions of every user, round after round, from texts to rows. */
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

/** @param texts of each user, what arrives. */
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
    users.map(([user], n) => closed[n]?.closings.map((closing) => toRows({ ...closing, user, version: 1 }, sha256))),
  )
  run.rows += rows.flat(2).length
  for (const [n, [user]] of users.entries()) run.states.set(user, closed[n]?.state ?? NEW_USER)
}

/** CPU, not the clock: what else the machine does is left out. What Node does beside (garbage, compiling) is in it. */
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

/** An event arrives when it happens: the arrival time is what the stream says, so it is known before. */
function arrivalOf(value: unknown): Arrival {
  const { event } = decodedOf(value)
  return { event, arrivalMs: event.timeMs }
}

function decodedOf(value: unknown): Decoded {
  const decoded = decodeEvent(value, Number.MAX_SAFE_INTEGER, rules.maxClockSkewMs, sha256)
  if (!decoded.ok) throw new Error(`${decoded.reason}: ${decoded.detail}`)
  return decoded
}

function inBatches(arrivals: readonly Arrival[], perBatch: number): Arrival[][] {
  const batches: Arrival[][] = []
  for (let from = 0; from < arrivals.length; from += perBatch) batches.push(arrivals.slice(from, from + perBatch))
  return batches
}

/** What ingest asks of the domain for each write of a user. */
function appended(before: UserState, batches: readonly (readonly Arrival[])[]): UserState {
  let state = before
  for (const batch of batches) {
    const ranges = affectedRanges(state, batch, rules)
    const plan = planCapacity(state, [], batch, rules)
    const applied = apply(state, [], batch, rules)
    const isAsMade = ranges.length === 0 && plan.batches.length === 1 && applied.accepted === batch.length
    if (!isAsMade) throw new Error('an event of the load was not new and in order')
    state = { ...applied.state, version: state.version + 1 }
    const demanded = toClose(state, lastOf(nonEmpty(batch)).arrivalMs, rules, 'limits')
    if (demanded.length > 0) throw new Error('the load reached a limit')
  }
  return state
}

interface Due {
  readonly closings: readonly Closing[]
  readonly state: UserState
}

/** What the sweeper asks of it. */
function closeDue(state: UserState, atMs: number): Due {
  const closings = toClose(state, atMs, rules, 'due')
  return { closings, state: { ...withoutClosed(state, closings, rules), version: state.version + 1 } }
}

/** Of what is still in use. */
function heapMegabytes(kept: ReadonlyMap<string, UserState>): number {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  const used = process.memoryUsage().heapUsed
  return kept.size === 0 ? 0 : Math.round(used / 1e5) / 10
}

runOnce(WARM_UP)
console.log(JSON.stringify(runOnce(JSON.parse(process.argv[2] ?? '') as CoreLoad)))
