// Runs the real steps in a world drawn from a seed until the world is at rest, and returns every
// invariant that they broke.

import { sha256 } from '../functions/aws/runtime/digest.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../functions/domain/durations.ts'
import { MIN_EVENT_TIME_MS } from '../functions/domain/events/time-field.ts'
import { UBI_ORDINALS_FROM } from '../functions/domain/events/ubi-ordinals.ts'
import { closedExpiresAt } from '../functions/domain/sessions/closing.ts'
import type { Rules } from '../functions/domain/sessions/rules.ts'
import {
  drawAbuser,
  drawArrivals,
  drawDirtyFlood,
  drawLabels,
  drawLateWrites,
  drawPages,
  drawReuse,
  drawRowRules,
  drawSegmentValuesMax,
  drawSweepers,
  sourceOf,
} from './conditions.ts'
import type { Control } from './controls.ts'
import { givenUpAfterMs } from './deliver-records.ts'
import { newChanges, startDelivery } from './delivery.ts'
import { checkExpiry, passTime } from './expiry.ts'
import { drawFaults, type Fault, type Faults } from './faults.ts'
import { drawIngestProcesses } from './ingest-processes.ts'
import { drawLongReplay, replayArchive } from './long-replay.ts'
import { type Random, randomOf } from './random.ts'
import { scheduleReuse } from './reused-ids.ts'
import { scheduleDirtyFlood } from './rollups.ts'
import { newStores } from './stores.ts'
import { scheduleAbuse } from './traffic.ts'
import { virtualTime } from './virtual-time.ts'
import { sweepUntil, VISIT_MS, visit } from './visit.ts'
import { newWatch, type Violation } from './watch.ts'
import { newTrace } from './world.ts'
import { drawWriteBatches } from './write-batches.ts'

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
export const USERS_MAX = 6
const RESULT_RETENTION_MS = 400 * DAY_MS

/** Runs one seed. The same seed and options always give the same result. */
export async function run(seed: number, options: RunOptions = {}): Promise<RunResult> {
  const random = randomOf(seed)
  const without = options.without ?? new Set<Fault>()
  const faults = drawFaults(random.fork(), without)
  const trace = newTrace()
  const pageMs = drawPages(sourceOf(seed, 'pages'), without)
  const lateWriteMs = drawLateWrites(sourceOf(seed, 'lateWrites'), faults, without)
  const unordered = drawArrivals(sourceOf(seed, 'arrivals'), without)
  const writeBatches = drawWriteBatches(sourceOf(seed, 'writeBatches'), faults, without)
  const sweepers = drawSweepers(sourceOf(seed, 'sweepers'), faults, without)
  const time = virtualTime(START_MS, random.fork())
  const drawn = { pageMs, lateWriteMs, unordered, sweepers, writeBatches, labels: drawLabels(sourceOf(seed, 'labels')) }
  const world = { time, random: random.fork(), faults, trace, ...drawn }
  const replayRandom = sourceOf(seed, 'replay')
  const rules = drawRules(random)
  const recordAgeMsMax = random.oneOf([1.5, 6]) * HOUR_MS
  const watch = newWatch(rules, givenUpAfterMs(recordAgeMsMax), sha256)
  const changes = newChanges(world)
  const wiring = {
    world,
    watch,
    rules,
    rowRules: drawRowRules(sourceOf(seed, 'success')),
    segmentValuesMax: drawSegmentValuesMax(sourceOf(seed, 'segmentValues')),
    stores: newStores(world, changes.add, watch.replaces),
    control: options.control ?? null,
    firstCopies: new Map(),
    processes: drawIngestProcesses(sourceOf(seed, 'processes'), faults, without, options.control === 'blind-memory'),
    recordAgeMsMax,
  }
  const delivery = startDelivery(wiring, changes, random)
  const abuser = sourceOf(seed, 'abuser')
  // With `divert` a result is final, and the abuser shows nothing that other users do not.
  const hasAbuser = drawAbuser(abuser, without) && rules.lateEvents === 'amend'
  if (hasAbuser) scheduleAbuse(START_MS, abuser, world, delivery.stream, watch.wasSent)
  const reuse = sourceOf(seed, 'reuse')
  // With `divert`, the copy that comes first counts (C7). With an `amendFor` of 0, others are late.
  const isReusing = drawReuse(reuse, without) && rules.lateEvents === 'amend'
  if (isReusing && rules.amendForMs > 0) scheduleReuse(START_MS, reuse, world, delivery.stream, rules, watch.wasSent)
  const flood = sourceOf(seed, 'dirtyFlood')
  if (drawDirtyFlood(flood, without)) scheduleDirtyFlood(START_MS, VISIT_MS, flood, wiring)
  const users = Array.from({ length: random.between(1, options.usersMax ?? USERS_MAX) }, (_, n) => `user-${n}`)
  const sweepEveryMs = random.oneOf([1, 2, 5]) * MINUTE_MS

  await visit('a', users, START_MS, sweepEveryMs, wiring, delivery)
  checkExpiry(users, wiring)
  if (random.happens(0.3)) {
    await passTime(closedExpiresAt(world.time.nowMs(), rules) + DAY_MS, wiring)
    await visit('b', users, world.time.nowMs(), sweepEveryMs, wiring, delivery)
  }
  const replayedAfterMs = drawLongReplay(replayRandom, without)
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
