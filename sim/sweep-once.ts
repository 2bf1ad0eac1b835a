// Invokes the real sweep, and lets the watch check its closings and its horizon.

import { type HorizonPorts, kinesisHorizon, READ_EVERY_MS } from '../functions/aws/stream/kinesis-horizon.ts'
import type { WorkShare } from '../functions/domain/work-share.ts'
import type { Horizon } from '../functions/ports.ts'
import { sweep } from '../functions/sweep/sweep.ts'
import { givenUpAfterMs } from './deliver-records.ts'
import { faultyTimers } from './faulty-stores.ts'
import { functionSessions, watchedClosing } from './function-stores.ts'
import { simulatedKinesis } from './kinesis-client.ts'
import type { Stream } from './stream.ts'
import { exactArrival, forgettingEmpty, pageFirst, savingAtEnd, wallClock } from './sweep-controls.ts'
import type { Watch } from './watch.ts'
import type { Wiring } from './wiring.ts'
import { invoke, type Outcome } from './world.ts'

export function sweepOnce(
  share: WorkShare,
  wiring: Wiring,
  stream: Stream,
  sweepEveryMs: number,
): Promise<Outcome<null>> {
  const { world, stores, watch, rules, control } = wiring
  return invoke(world, async (invocation) => {
    const sessions = watchedClosing(functionSessions(wiring, invocation), wiring)
    const timers = faultyTimers(stores, invocation)
    const kinesis = simulatedKinesis(stream, invocation, world)
    const horizonPorts: HorizonPorts = {
      loadProgress: stores.progress.loadProgress,
      recordEmpty: (shardId, ...rest) =>
        invocation.call(`records how far ${shardId} is empty`, null, () =>
          stores.progress.recordEmpty(shardId, ...rest),
        ),
      nowMs: world.time.nowMs,
      wait: world.time.wait,
    }
    const horizon = kinesisHorizon(
      kinesis,
      'stream',
      control === 'forgetful-horizon' ? forgettingEmpty(horizonPorts) : horizonPorts,
      givenUpAfterMs(wiring.recordAgeMsMax),
    )
    const wrongHorizon = control === 'exact-arrival' ? exactArrival(horizon) : wallClock
    const isWrong = control === 'exact-arrival' || control === 'wall-clock-sweep'
    const ports = {
      sessions,
      timers: control === 'page-first' ? pageFirst(timers) : timers,
      horizon: watchedHorizon(isWrong ? wrongHorizon : horizon, watch),
      hasTime: invocation.hasTime,
      ...(control === 'closings-at-end' && savingAtEnd(sessions, horizon, rules)),
    }
    // The handler waits so long, too, so that the sweepers read a shard one after the other.
    if (share.number > 0) await world.time.wait(share.number * READ_EVERY_MS)
    const before = new Map(stores.sessions.states)
    const report = await sweep({ drain: false, share }, ports, { rules, sweepEveryMs }, world.time.nowMs())
    if (report.failed !== null) throw report.failed.cause
    // A timer may pass from one share to another between the reads of two sweepers. Its user then
    // waits for the next sweep.
    if (!report.isUnfinished && share.of === 1) watch.wasSwept(before, stores.sessions.states, report.horizonMs)
    return null
  })
}

function watchedHorizon(horizon: Horizon, watch: Watch): Horizon {
  return {
    readUpTo: async (nowMs) => {
      const horizonMs = await horizon.readUpTo(nowMs)
      watch.wasRead(horizonMs, nowMs)
      return horizonMs
    },
  }
}
