// Faults: random in, the rates of one run out (a swarm: each run has faults of its own), and a count of each that struck.

import type { Random } from './random.ts'

/** The highest rate of each fault: a probability at every opportunity. What the opportunity is stands beside it. */
const RATES_MAX = {
  /** a call of a store or of Kinesis: fails, and nothing was done */
  throttled: 0.1,
  /** a call: was done, and fails all the same */
  lostResponse: 0.08,
  /** a call: is done twice, since the SDK repeats what it got no answer for */
  repeatedCall: 0.08,
  /** a call: the function dies before it */
  crashBefore: 0.03,
  /** a call: the function dies after it */
  crashAfter: 0.03,
  /** a call: takes seconds */
  slowCall: 0.2,
  /** a call: takes longer than the function may run */
  stuckCall: 0.01,
  /** an invocation that ran out of time: goes on all the same, beside its repetition */
  zombie: 0.7,
  /** a batch that was applied: is delivered again, its checkpoint lost */
  lostCheckpoint: 0.15,
  /** a batch that failed: is delivered in halves */
  bisected: 0.5,
  /** a shard: is not read for minutes or hours */
  stalledShard: 0.8,
  /** a shard: is split or merged */
  resharded: 0.8,
  /** a child shard: is read before its parents are */
  racingChild: 0.8,
  /** a look into a shard: finds nothing though there is more */
  emptyPage: 0.1,
  /** a look at the index of rows: shows it as it was up to a minute ago */
  laggingIndex: 0.5,
  /** a change of a closed session: is delivered long after it happened */
  delayedChange: 0.1,
  /** a sweep: is missing */
  missedSweep: 0.3,
  /** a sweep: comes twice at once */
  doubledSweep: 0.3,
  /** a sweep: is late */
  lateSweep: 0.3,
  /** an event: is put again, under a new sequence number */
  repeatedPut: 0.2,
  /** an event: is sent minutes or hours after it happened */
  lateEvent: 0.2,
  /** a user: has a clock that is off */
  skewedClock: 0.6,
  /** a record: is no event */
  garbage: 0.1,
  /** a user: sends hundreds of events within minutes */
  flood: 0.15,
  /** an item that has expired: is still there when its user comes back */
  lateExpiry: 0.5,
  /** a user: is forgotten at some moment */
  forgottenUser: 0.4,
} as const

/** What is not drawn but follows from other faults. */
const CONSEQUENCES = {
  /** a batch that is too old to be tried again: is given up, kept aside, and sent again later */
  discarded: 0,
} as const

export type Fault = keyof typeof RATES_MAX | keyof typeof CONSEQUENCES

export const FAULTS = [...Object.keys(RATES_MAX), ...Object.keys(CONSEQUENCES)] as Fault[]

export interface Faults {
  /** Whether the fault strikes at this opportunity; counted if so. */
  strikes(fault: Fault): boolean
  /** Counts a consequence. */
  struck(fault: keyof typeof CONSEQUENCES): void
  /** Nothing strikes until `resume`. */
  pause(): void
  resume(): void
  isPaused(): boolean
  readonly counts: Readonly<Record<Fault, number>>
}

/** @param without faults that never strike. */
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
