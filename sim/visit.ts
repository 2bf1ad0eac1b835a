// Lets the users of a run visit the site, sweeps meanwhile, and checks the results at rest.

import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../functions/domain/durations.ts'
import type { Delivery } from './delivery.ts'
import { scheduleForgetting } from './forgetting.ts'
import { checkAtRest } from './invariants.ts'
import { checkRollups, rollupOnce } from './rollups.ts'
import { sweepOnce } from './sweep-once.ts'
import { schedule } from './traffic.ts'
import type { Wiring } from './wiring.ts'

export const VISIT_MS = 6 * HOUR_MS
/** Producers put no record again later than this after its event. */
const REPEATED_PUTS_MS = 2 * HOUR_MS
/** Pollers need no longer than this to catch up, even where three shards stalled in a row. */
const BACKLOG_MS = 14 * HOUR_MS
const ROLLUP_EVERY_MS = 10 * MINUTE_MS

/**
 * Lets users send events while faults strike. Then it stops the faults, lets the pipeline come to
 * rest, and checks the results.
 */
export async function visit(
  name: string,
  users: readonly string[],
  startMs: number,
  sweepEveryMs: number,
  wiring: Wiring,
  delivery: Delivery,
): Promise<void> {
  const { world, watch, rules } = wiring
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
  checkAtRest([...everyone], wiring, startMs - DAY_MS)
  checkRollups(wiring)
  faults.resume()
}

export async function sweepUntil(
  endMs: number,
  sweepEveryMs: number,
  wiring: Wiring,
  delivery: Delivery,
): Promise<void> {
  const { time, faults, random, sweepers: sweepersOf } = wiring.world
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
    const sweepers = sweepersOf()
    for (let n = 0; n < sweeps * sweepers; n++) {
      const lateMs = faults.strikes('lateSweep') ? random.between(SECOND_MS, sweepEveryMs) : 0
      const share = { number: n % sweepers, of: sweepers }
      time.at(time.nowMs() + lateMs, () => void sweepOnce(share, wiring, delivery.stream, sweepEveryMs))
    }
  }
}
