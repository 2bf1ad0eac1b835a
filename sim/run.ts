// Runs the real steps in a world drawn from a seed until the world is at rest, and returns every
// invariant that they broke.

import { sha256 } from '../functions/aws/runtime/digest.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../functions/domain/durations.ts'
import { MIN_EVENT_TIME_MS } from '../functions/domain/events/time-field.ts'
import { UBI_ORDINALS_FROM } from '../functions/domain/events/ubi-ordinals.ts'
import { closedExpiresAt } from '../functions/domain/sessions/closing.ts'
import type { Rules } from '../functions/domain/sessions/rules.ts'
import type { Control } from './controls.ts'
import { type Delivery, newChanges, startDelivery } from './delivery.ts'
import { checkExpiry, passTime } from './expiry.ts'
import {
  drawAbuser,
  drawArrivals,
  drawDirtyFlood,
  drawFaults,
  drawLateWrites,
  drawPages,
  drawReuse,
  type Fault,
  type Faults,
} from './faults.ts'
import { scheduleForgetting } from './forgetting.ts'
import { checkAtRest } from './invariants.ts'
import { drawLongReplay, replayArchive } from './long-replay.ts'
import { type Random, randomOf } from './random.ts'
import { scheduleReuse } from './reused-ids.ts'
import { checkRollups, rollupOnce, scheduleDirtyFlood } from './rollups.ts'
import { givenUpAfterMs, sweepOnce } from './steps.ts'
import { newStores } from './stores.ts'
import { schedule, scheduleAbuse } from './traffic.ts'
import { virtualTime } from './virtual-time.ts'
import { newWatch, type Violation } from './watch.ts'
import type { Wiring } from './wiring.ts'
import { newTrace } from './world.ts'

export interface RunOptions {
  readonly control?: Control
  /** The faults that must not strike. */
  readonly without?: ReadonlySet<Fault>
  readonly usersMax?: number
}

export interface RunResult {
  readonly seed: number
  readonly violations: readonly Violation[]
  readonly faults: Faults['counts']
  /** Records that were put into the stream. */
  readonly records: number
  readonly simulatedMs: number
  /** The hash of the run's trace. */
  readonly hash: string
  /** Returns the last lines of the trace that concern the users of the violations. */
  story(linesMax: number): string[]
}

const START_MS = Date.UTC(2026, 2, 2)
const VISIT_MS = 6 * HOUR_MS
export const USERS_MAX = 6
/** Producers put no record again later than this after its event. */
const REPEATED_PUTS_MS = 2 * HOUR_MS
/** Pollers need no longer than this to catch up, even where three shards stalled in a row. */
const BACKLOG_MS = 14 * HOUR_MS
const RESULT_RETENTION_MS = 400 * DAY_MS
const ROLLUP_EVERY_MS = 10 * MINUTE_MS
/**
 * Added to a seed, it gives the source of draws about pages. With this number, the pages of the
 * seeds that tests name are whole, so those seeds show what they always did.
 */
const PAGES_SEED = 2 ** 22
/** The same for draws about an abuser. */
const ABUSER_SEED = 2 ** 25
/** The same for draws about a user whose ids begin anew. */
const REUSE_SEED = 2 ** 27 + 16
/** The same for draws about floods of dirty hours. */
const DIRTY_FLOOD_SEED = 2 ** 26 + 3
/** Added to a seed, they give sources of draws of their own, for the same reason. */
const REPLAY_SEED = 2 ** 23
const LATE_WRITES_SEED = 2 ** 24
/** The same for draws about arrival times. */
const ARRIVALS_SEED = 2 ** 23 + 2 ** 13

/** Runs one seed. The same seed and options always give the same result. */
export async function run(seed: number, options: RunOptions = {}): Promise<RunResult> {
  const random = randomOf(seed)
  const faults = drawFaults(random.fork(), options.without ?? new Set())
  const trace = newTrace()
  const pageMs = drawPages(randomOf(seed + PAGES_SEED), options.without ?? new Set())
  const lateWriteMs = drawLateWrites(randomOf(seed + LATE_WRITES_SEED), faults, options.without ?? new Set())
  const unordered = drawArrivals(randomOf(seed + ARRIVALS_SEED), options.without ?? new Set())
  const time = virtualTime(START_MS, random.fork())
  const world = { time, random: random.fork(), faults, trace, pageMs, lateWriteMs, unordered }
  const replayRandom = randomOf(seed + REPLAY_SEED)
  const rules = drawRules(random)
  const recordAgeMsMax = random.oneOf([1.5, 6]) * HOUR_MS
  const watch = newWatch(rules, givenUpAfterMs(recordAgeMsMax), sha256)
  const changes = newChanges(world)
  const wiring = {
    world,
    watch,
    rules,
    stores: newStores(world, changes.add),
    control: options.control ?? null,
    firstCopies: new Map(),
    recordAgeMsMax,
  }
  const delivery = startDelivery(wiring, changes, random)
  const abuser = randomOf(seed + ABUSER_SEED)
  // With `divert` a result is final, and the abuser shows nothing that other users do not.
  const hasAbuser = drawAbuser(abuser, options.without ?? new Set()) && rules.lateEvents === 'amend'
  if (hasAbuser) scheduleAbuse(START_MS, abuser, world, delivery.stream, watch.wasSent)
  const reuse = randomOf(seed + REUSE_SEED)
  // With `divert`, the copy that comes first counts (C7). With an `amendFor` of 0, others are late.
  const isReusing = drawReuse(reuse, options.without ?? new Set()) && rules.lateEvents === 'amend'
  if (isReusing && rules.amendForMs > 0) scheduleReuse(START_MS, reuse, world, delivery.stream, rules, watch.wasSent)
  const flood = randomOf(seed + DIRTY_FLOOD_SEED)
  if (drawDirtyFlood(flood, options.without ?? new Set())) scheduleDirtyFlood(START_MS, VISIT_MS, flood, wiring)
  const users = Array.from({ length: random.between(1, options.usersMax ?? USERS_MAX) }, (_, n) => `user-${n}`)
  const sweepEveryMs = random.oneOf([1, 2, 5]) * MINUTE_MS

  await visit('a', users, START_MS, sweepEveryMs, wiring, delivery)
  checkExpiry(users, wiring)
  if (random.happens(0.3)) {
    await passTime(closedExpiresAt(world.time.nowMs(), rules) + DAY_MS, wiring)
    await visit('b', users, world.time.nowMs(), sweepEveryMs, wiring, delivery)
  }
  const replayedAfterMs = drawLongReplay(replayRandom, options.without ?? new Set())
  if (replayedAfterMs !== null) {
    await passTime(world.time.nowMs() + replayedAfterMs, wiring)
    await replayArchive(wiring, delivery, changes, replayRandom, (untilMs) =>
      sweepUntil(untilMs, sweepEveryMs, wiring, delivery),
    )
  }

  const broken = new Set(watch.violations.map(({ user }) => user))
  return {
    seed,
    violations: watch.violations,
    faults: faults.counts,
    records: watch.sent.length,
    simulatedMs: world.time.nowMs() - START_MS,
    hash: trace.hash(),
    story: (linesMax) => trace.story(broken, linesMax),
  }
}

/**
 * Lets users send events while faults strike. Then it stops the faults, lets the pipeline come to
 * rest, and checks the results.
 */
async function visit(
  name: string,
  users: readonly string[],
  startMs: number,
  sweepEveryMs: number,
  wiring: Wiring,
  delivery: Delivery,
): Promise<void> {
  const { world, stores, watch, rules } = wiring
  const { time, random, faults } = world
  await time.runUntil(startMs)
  schedule({ users, startMs, durationMs: VISIT_MS, name }, world, delivery.stream, rules, watch.wasSent)
  for (let n = 0; n < 2; n++) {
    if (faults.strikes('resharded')) time.at(startMs + random.between(0, VISIT_MS), delivery.stream.reshard)
  }
  scheduleForgetting(users, startMs, VISIT_MS, wiring)
  const quietMs = startMs + VISIT_MS + Math.ceil(rules.amendForMs * 1.3) + REPEATED_PUTS_MS
  await sweepUntil(quietMs, sweepEveryMs, wiring, delivery)
  faults.pause()
  const restMs = quietMs + BACKLOG_MS + 2 * (rules.gapMs + rules.latenessMs) + rules.maxClockSkewMs
  await sweepUntil(restMs, sweepEveryMs, wiring, delivery)
  const everyone = new Set([...users, ...watch.sent.map(({ user }) => user)])
  checkAtRest([...everyone], stores, watch, rules, startMs - DAY_MS)
  checkRollups(stores, watch)
  faults.resume()
}

async function sweepUntil(endMs: number, sweepEveryMs: number, wiring: Wiring, delivery: Delivery): Promise<void> {
  const { time, faults, random } = wiring.world
  let rolledUpMs = time.nowMs()
  while (time.nowMs() < endMs) {
    if (time.nowMs() - rolledUpMs >= ROLLUP_EVERY_MS) {
      rolledUpMs = time.nowMs()
      void rollupOnce(wiring)
    }
    if (faults.isPaused()) delivery.redriveGivenUp()
    // With no session open a sweep finds nothing, so fewer sweeps save time.
    const isIdle = [...wiring.stores.sessions.states.values()].every(({ open }) => open.length === 0)
    await time.runUntil(time.nowMs() + (isIdle ? 10 : 1) * sweepEveryMs)
    if (faults.strikes('missedSweep')) continue
    const sweeps = faults.strikes('doubledSweep') ? 2 : 1
    for (let n = 0; n < sweeps; n++) {
      const lateMs = faults.strikes('lateSweep') ? random.between(SECOND_MS, sweepEveryMs) : 0
      time.at(time.nowMs() + lateMs, () => void sweepOnce(wiring, delivery.stream, sweepEveryMs))
    }
  }
}

function drawRules(random: Random): Rules {
  return {
    gapMs: random.oneOf([30 * SECOND_MS, 5 * MINUTE_MS, 30 * MINUTE_MS]),
    latenessMs: random.oneOf([0, 5 * SECOND_MS, MINUTE_MS, 10 * MINUTE_MS]),
    amendForMs: random.oneOf([0, HOUR_MS, 12 * HOUR_MS]),
    lateEvents: random.happens(0.2) ? 'divert' : 'amend',
    maxClockSkewMs: random.oneOf([0, 5 * MINUTE_MS]),
    minEventTimeMs: MIN_EVENT_TIME_MS,
    ubiOrdinalsFrom: UBI_ORDINALS_FROM,
    maxSessionEvents: random.oneOf([3, 10, 1000]),
    maxSessionDurationMs: random.oneOf([2 * MINUTE_MS, HOUR_MS, 12 * HOUR_MS]),
    resultRetentionMs: RESULT_RETENTION_MS,
  }
}
