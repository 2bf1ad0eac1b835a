// Draws what holds for a whole run, each from a source of its own. The other draws of a seed then
// stay as they are.

import { ARRIVAL_SPREAD_MS } from '../functions/aws/stream/shard-reading.ts'
import { MINUTE_MS, SECOND_MS } from '../functions/domain/durations.ts'
import type { Labels } from '../functions/domain/events/event.ts'
import type { RowRules } from '../functions/domain/results/search-rows.ts'
import type { Fault, Faults } from './faults.ts'
import { type Random, randomOf } from './random.ts'

/**
 * Added to a seed, each number gives a source of draws. With these numbers, the seeds that tests
 * name show what they always did: their pages are whole, for example, and they have one sweeper.
 */
const SOURCES = {
  pages: 2 ** 22,
  replay: 2 ** 23,
  arrivals: 2 ** 23 + 2 ** 13,
  lateWrites: 2 ** 24,
  abuser: 2 ** 25,
  dirtyFlood: 2 ** 26 + 3,
  reuse: 2 ** 27 + 16,
  writeBatches: 2 ** 28 + 6125,
  sweepers: 2 ** 29 + 12,
  processes: 2 ** 30 + 3992,
  success: 2 ** 30 + 2 ** 29,
  labels: 2 ** 30 + 2 ** 28,
  segmentValues: 2 ** 30 + 2 ** 28 + 5,
} as const

export function sourceOf(seed: number, drawnFor: keyof typeof SOURCES): Random {
  return randomOf(seed + SOURCES[drawnFor])
}

/** Draws whether pages of a run are short, and returns how much of a shard the next page covers. */
export function drawPages(random: Random, without: ReadonlySet<Fault>): () => number {
  if (without.has('shortPage') || !random.happens(0.35)) return () => Number.POSITIVE_INFINITY
  return () => random.between(1, 5) * MINUTE_MS
}

/**
 * Draws bounds that the pauses of the run's users lie on both sides of, and the labels that rows
 * have.
 */
export function drawRowRules(random: Random): RowRules {
  return {
    satisfiedDwellMs: random.oneOf([SECOND_MS, 10 * SECOND_MS, 30 * SECOND_MS]),
    reformulatedWithinMs: random.oneOf([0, 30 * SECOND_MS, 2 * MINUTE_MS]),
    segments: random.oneOf([[], ['variant'], ['application', 'variant'], ['tenant', 'variant', 'application']]),
  }
}

/**
 * Returns a function that draws the labels of a Search; some have none. A run has more variants
 * than its sums name, and labels that no setting names.
 */
export function drawLabels(random: Random): () => { readonly labels?: Labels } {
  return () => {
    if (random.happens(0.3)) return {}
    const labels = [
      ['variant', random.oneOf(['A', 'A', 'B', 'C', 'D', 'E'])],
      ['application', random.oneOf(['shop', 'blog', '', '(none)', '(other)', 'a#b'])],
      ['page', random.oneOf(['home', 'list'])],
      ['constructor', 'x'],
    ].filter(() => random.happens(0.7))
    return { labels: Object.fromEntries(labels) }
  }
}

/** Draws how many values a run's sums name at most: fewer than there are, or more. */
export function drawSegmentValuesMax(random: Random): number {
  return random.between(1, 6)
}

/** Draws whether a run has an abuser. */
export function drawAbuser(random: Random, without: ReadonlySet<Fault>): boolean {
  return !without.has('abuser') && random.happens(0.15)
}

/** Draws whether a run has floods of dirty hours. */
export function drawDirtyFlood(random: Random, without: ReadonlySet<Fault>): boolean {
  return !without.has('dirtyFlood') && random.happens(0.1)
}

/** Draws whether a run has a user whose ids begin anew. */
export function drawReuse(random: Random, without: ReadonlySet<Fault>): boolean {
  return !without.has('reusedId') && random.happens(0.25)
}

const LATE_WRITE_RATE_MAX = 0.15
const LATE_WRITE_MS_MAX = 15 * MINUTE_MS

/**
 * Draws whether writes of a run's rows can be late. Returns a function that draws how late the next
 * one is; null when it is in time.
 */
export function drawLateWrites(random: Random, faults: Faults, without: ReadonlySet<Fault>): () => number | null {
  const rate = without.has('lateWrite') || random.happens(0.5) ? 0 : random.fraction() * LATE_WRITE_RATE_MAX
  return () => {
    if (faults.isPaused() || !random.happens(rate)) return null
    faults.struck('lateWrite')
    return random.between(MINUTE_MS, LATE_WRITE_MS_MAX)
  }
}

/** Draws whether sweepers share the timers of a run. Returns how many the schedule starts now. */
export function drawSweepers(random: Random, faults: Faults, without: ReadonlySet<Fault>): () => number {
  if (without.has('severalSweepers') || !random.happens(0.3)) return () => 1
  let sweepers = 2
  return () => {
    // A deployment may change the number while sweepers are at work.
    if (random.happens(0.02)) sweepers = random.between(1, 3)
    if (sweepers > 1) faults.struck('severalSweepers')
    return sweepers
  }
}

/** How the arrival times of a run's records are out of order. */
export interface UnorderedArrivals {
  /** Draws how much before its put the next record arrived, by its arrival time. */
  arrivedBeforeMs(): number
  /** Draws whether a session has a click that is only just on time. */
  straggles(): boolean
}

/** Draws whether a run has unordered arrivals; null for none. */
export function drawArrivals(random: Random, without: ReadonlySet<Fault>): UnorderedArrivals | null {
  if (without.has('unorderedArrivals') || !random.happens(0.35)) return null
  return {
    // The ends of the spread are drawn often, because mistakes show there.
    arrivedBeforeMs: () => random.oneOf([0, random.between(0, ARRIVAL_SPREAD_MS), ARRIVAL_SPREAD_MS]),
    straggles: () => random.happens(0.7),
  }
}
