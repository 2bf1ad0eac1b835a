// Defines the world of one run (its time, random, faults and trace), and runs functions in it as
// Lambda does, with all faults that may strike them.

import { createHash } from 'node:crypto'
import { MINUTE_MS, SECOND_MS } from '../functions/domain/durations.ts'
import type { Labels } from '../functions/domain/events/event.ts'
import type { UnorderedArrivals } from './conditions.ts'
import type { Faults } from './faults.ts'
import type { Random } from './random.ts'
import type { VirtualTime } from './virtual-time.ts'
import type { WriteBatches } from './write-batches.ts'

export interface World {
  readonly time: VirtualTime
  readonly random: Random
  readonly faults: Faults
  readonly trace: Trace
  /** Returns how much of a shard the next page of Kinesis covers. */
  pageMs(): number
  /** Returns how late the next write of a row lands; null when it lands in time. */
  lateWriteMs(): number | null
  /** Null where the arrival times of records are nearly in order. */
  readonly unordered: UnorderedArrivals | null
  /** Returns the labels of the next Search, as a field of it; no field where it has none. */
  labels(): { readonly labels?: Labels }
  /** Returns how many sweepers the schedule starts now. */
  sweepers(): number
  /** Null where functions send each write as a request of its own. */
  readonly writeBatches: WriteBatches | null
}

export interface Trace {
  /** @param user the user whom the line is about; null for a line about no single user. */
  add(timeMs: number, user: string | null, line: string): void
  /** Digests every line so far. Two runs with the same hash did the same. */
  hash(): string
  /** Returns the last lines about these users and about no single user, without lines of reads. */
  story(users: ReadonlySet<string>, linesMax: number): string[]
}

const READ = /^reads /

export function newTrace(): Trace {
  const hash = createHash('sha256')
  const lines: { timeMs: number; user: string | null; line: string }[] = []
  return {
    add: (timeMs, user, line) => {
      hash.update(`${timeMs} ${user} ${line}\n`)
      lines.push({ timeMs, user, line })
    },
    hash: () => hash.copy().digest('hex').slice(0, 16),
    story: (users, linesMax) =>
      lines
        .filter(({ user, line }) => (user === null || users.has(user)) && !READ.test(line))
        .slice(-linesMax)
        .map(({ timeMs, user, line }) => `${new Date(timeMs).toISOString()} ${user ?? '*'} ${line}`),
  }
}

export interface Invocation {
  /**
   * Calls a store or the stream. Faults may make the call slow, fail it before or after its effect,
   * repeat it, or end the function at it.
   *
   * @param what the line of the trace for this call.
   */
  call<T>(what: string, user: string | null, action: () => Promise<T>): Promise<T>
  /** Returns false when the function nears its timeout. */
  hasTime(): boolean
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly cause: string }

export const CRASHED = 'crashed'
export const TIMED_OUT = 'timed out'

const TIMEOUT_MS = MINUTE_MS
const TIME_LEFT_MS_MIN = 5 * SECOND_MS

/**
 * Runs a function as Lambda does, until it returns, throws, crashes or times out. A function that
 * timed out either stops at its next call, or continues as a zombie beside its own retry.
 */
export function invoke<T>(world: World, body: (invocation: Invocation) => Promise<T>): Promise<Outcome<T>> {
  const { time, random, faults, trace } = world
  const endsMs = time.nowMs() + TIMEOUT_MS
  let isDead = false
  return new Promise((resolve) => {
    let isOver = false
    const end = (outcome: Outcome<T>): void => {
      if (isOver) return
      isOver = true
      if (!outcome.ok) trace.add(time.nowMs(), null, `invocation failed: ${outcome.cause}`)
      resolve(outcome)
    }
    const die = (): Promise<never> => {
      isDead = true
      end({ ok: false, cause: CRASHED })
      return never()
    }
    const call: Invocation['call'] = async (what, user, action) => {
      if (isDead) return never()
      if (faults.strikes('crashBefore')) return die()
      await time.wait(tookMs(world))
      if (isDead) return never()
      if (faults.strikes('throttled')) throw new Error('throttled')
      const value = await action()
      trace.add(time.nowMs(), user, what)
      if (faults.strikes('repeatedCall')) await action()
      if (faults.strikes('crashAfter')) return die()
      if (faults.strikes('lostResponse')) throw new Error('no response')
      return value
    }
    time.at(endsMs, () => {
      if (isOver) return
      isDead = !faults.strikes('zombie')
      end({ ok: false, cause: TIMED_OUT })
    })
    const hasTime = (): boolean => time.nowMs() < endsMs - TIME_LEFT_MS_MIN
    body({ call, hasTime }).then(
      (value) => end({ ok: true, value }),
      (error: unknown) => end({ ok: false, cause: error instanceof Error ? error.message : String(error) }),
    )
  })

  function tookMs(world: World): number {
    if (world.faults.strikes('stuckCall')) return random.between(70_000, 300_000)
    if (world.faults.strikes('slowCall')) return random.between(100, 5000)
    return random.between(1, 20)
  }
}

function never(): Promise<never> {
  return new Promise(() => {})
}
