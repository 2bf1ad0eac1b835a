// Waits before the caller repeats a throttled request, as long as the invocation has time.

import { setTimeout as sleep } from 'node:timers/promises'

const FIRST_PAUSE_MS_MAX = 50
const PAUSE_MS_MAX = 1000
/** A table that throttles for longer needs more capacity, and the caller has other work. */
const PAUSES_MS_MAX = 20_000

/** Decides how long to retry throttled requests. Tests replace it, and then do not sleep. */
export interface Retries {
  /** Returns false when no time is left for another try. */
  readonly hasTime: () => boolean
  readonly wait: (waitMs: number) => Promise<unknown>
  /** Returns a number from 0 to 1, as `Math.random` does. */
  readonly random: () => number
}

const RETRIES: Retries = { hasTime: () => true, wait: (waitMs) => sleep(waitMs), random: Math.random }

export interface Pauses {
  /** Waits, and returns true; returns false at once when the next try would come too late. */
  next(): Promise<boolean>
  /** Makes the next pause as short as the first one. */
  shorten(): void
}

/**
 * Each pause is a random share of a longest pause, which doubles from 50 ms to a second. The random
 * share keeps throttled callers from asking again all at once ("full jitter"). The longest pauses
 * add up to 20 seconds at most.
 */
export function pauses(retries: Partial<Retries> = {}): Pauses {
  const { hasTime, wait, random } = { ...RETRIES, ...retries }
  let leftMs = PAUSES_MS_MAX
  let pauseMsMax = FIRST_PAUSE_MS_MAX
  return {
    next: async () => {
      if (leftMs < pauseMsMax || !hasTime()) return false
      leftMs -= pauseMsMax
      await wait(random() * pauseMsMax)
      pauseMsMax = Math.min(pauseMsMax * 2, PAUSE_MS_MAX)
      return true
    },
    shorten: () => {
      pauseMsMax = FIRST_PAUSE_MS_MAX
    },
  }
}

const THROTTLED: ReadonlySet<unknown> = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  // Another transaction holds an item of the request, for some milliseconds.
  'TransactionConflictException',
])

/** The SDK has tried the request several times before it throws one of these. */
export function isThrottled(error: unknown): boolean {
  return error instanceof Error && THROTTLED.has(error.name)
}

/**
 * Sends a request until DynamoDB takes it. Throws the last error when no time is left, and any
 * other error at once.
 */
export async function sendPatiently<T>(
  send: () => Promise<T>,
  isPassing: (error: unknown) => boolean,
  retries: Partial<Retries> = {},
): Promise<T> {
  const between = pauses(retries)
  for (;;) {
    try {
      return await send()
    } catch (error) {
      if (!isPassing(error) || !(await between.next())) throw error
    }
  }
}
