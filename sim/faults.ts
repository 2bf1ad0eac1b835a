// Lists the faults that a run injects, draws their rates, and counts how often each strikes. Every
// run leaves out about half of the faults, because one fault may hide what another would show.

import type { Random } from './random.ts'

/**
 * The highest rate of each fault. A run draws its own rate up to that: the probability that the
 * fault strikes each time that it can.
 */
const RATES_MAX = {
  /** A call to a store or to Kinesis fails before it has any effect. */
  throttled: 0.1,
  /** A call takes effect, but its caller receives an error. */
  lostResponse: 0.08,
  /** A call takes effect twice, as when the SDK receives no answer and repeats it. */
  repeatedCall: 0.08,
  /** The function dies before a call. */
  crashBefore: 0.03,
  /** The function dies after a call. */
  crashAfter: 0.03,
  /** A call takes up to five seconds. */
  slowCall: 0.2,
  /** A call takes longer than the function may run. */
  stuckCall: 0.01,
  /** An invocation that timed out continues, while Lambda already retries its batch. */
  zombie: 0.7,
  /** The poller loses its checkpoint and redelivers an applied batch. */
  lostCheckpoint: 0.15,
  /** The poller redelivers a failed batch in halves. */
  bisected: 0.5,
  /** The poller does not read a shard for minutes or hours. */
  stalledShard: 0.8,
  /** Kinesis splits a shard or merges two. */
  resharded: 0.8,
  /** The poller reads a child shard before it has finished the parents. */
  racingChild: 0.8,
  /** A read of a shard returns no record though more follow. */
  emptyPage: 0.1,
  /** The hour index shows the rows of up to five minutes ago. */
  laggingIndex: 0.5,
  /** The table's stream delivers a change of a closed session up to an hour late. */
  delayedChange: 0.1,
  /** The schedule leaves out a sweep. */
  missedSweep: 0.3,
  /** The schedule starts two sweeps instead of one. */
  doubledSweep: 0.3,
  /** A sweep starts late. */
  lateSweep: 0.3,
  /** A producer puts an event again, so that it has two sequence numbers. */
  repeatedPut: 0.2,
  /** A producer sends an event minutes or hours after it happened. */
  lateEvent: 0.2,
  /** A user's clock is ahead or behind. */
  skewedClock: 0.6,
  /** A producer sends a record that is no event. */
  garbage: 0.1,
  /** A user sends 150 events in less than a minute, as a robot does. */
  flood: 0.15,
  /** The table still holds an expired item when its user comes back. */
  lateExpiry: 0.5,
  /** An operator forgets a user during the visit. */
  forgottenUser: 0.4,
} as const

/** Faults that no draw decides, because they follow from others. */
const CONSEQUENCES = {
  /** The poller gives up records that are too old to be tried again. */
  discarded: 0,
} as const

/** Faults that last for a whole run, at rest too, because AWS works like that. */
const CONDITIONS = {
  /** A page of a shard covers only one to five minutes, although nothing more lies in them. */
  shortPage: 0,
  /** Kinesis gives a record an earlier arrival time than the record before it in its shard. */
  unorderedArrivals: 0,
  /** A user sends hundreds of closers within a minute, and others that lie hours apart. */
  abuser: 0,
  /** A user's ids begin anew in each session, so that different events have one id. */
  reusedId: 0,
  /** Old events make more hours dirty than one rollup run sums, again and again. */
  dirtyFlood: 0,
} as const

/** Faults with a source of draws of their own, so that other draws of a seed stay as they are. */
const APART = {
  /** A write of a row lands up to 15 minutes after its function has timed out. */
  lateWrite: 0,
  /** Weeks or months after the run, an operator replays a part of the archive. */
  longReplay: 0,
  /** The schedule starts two or three sweepers at once, which share the timers. */
  severalSweepers: 0,
  /** An ingest process begins from a state that it has written, and does not read it. */
  rememberedState: 0,
  /** An eventually consistent read returns the state before the latest. */
  staleRead: 0,
  /** A function sends the writes that are under way together in one request. */
  batchedWrites: 0,
  /** DynamoDB throttles some statements of a write batch, and applies the others. */
  throttledStatement: 0,
  /** DynamoDB applies a statement, but reports an internal error for it. */
  unsureStatement: 0,
  /** DynamoDB applies a write batch, its answer is lost, and the SDK sends it again. */
  repeatedWriteBatch: 0,
  /** DynamoDB applies a part of a write batch, and its caller receives an error or no answer. */
  brokenWriteBatch: 0,
  /** DynamoDB applies the statements of a write batch up to seconds apart. */
  spreadWriteBatch: 0,
} as const

export type Counted = keyof typeof CONSEQUENCES | keyof typeof CONDITIONS | keyof typeof APART
export type Fault = keyof typeof RATES_MAX | Counted

export const FAULTS = [RATES_MAX, CONSEQUENCES, CONDITIONS, APART].flatMap((faults) => Object.keys(faults)) as Fault[]

export interface Faults {
  /** Draws whether the fault strikes now, and counts it if it does. */
  strikes(fault: Fault): boolean
  /** Counts a fault that `strikes` does not draw. */
  struck(fault: Counted): void
  /** Keeps every fault from striking until `resume`. */
  pause(): void
  resume(): void
  isPaused(): boolean
  readonly counts: Readonly<Record<Fault, number>>
}

/** @param without the faults that must not strike. */
export function drawFaults(random: Random, without: ReadonlySet<Fault>): Faults {
  const counts = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>
  const rates = Object.fromEntries(
    Object.entries(RATES_MAX).map(([fault, max]) => [fault, random.happens(0.5) ? 0 : random.fraction() * max]),
  ) as Record<keyof typeof RATES_MAX, number>
  let isPaused = false
  return {
    counts,
    strikes: (fault) => {
      if (isPaused || without.has(fault) || !random.happens(rates[fault as keyof typeof RATES_MAX])) return false
      counts[fault]++
      return true
    },
    struck: (fault) => {
      counts[fault]++
    },
    pause: () => {
      isPaused = true
    },
    isPaused: () => isPaused,
    resume: () => {
      isPaused = false
    },
  }
}
