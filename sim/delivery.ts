// Polls every shard of the event stream and of the table's stream, and redrives batches that a
// poller gave up.

import { MINUTE_MS, SECOND_MS } from '../functions/domain/durations.ts'
import type { StoredClosed } from '../functions/memory/closed-by-user.ts'
import type { ArrivedRecord, ClosedChange } from '../functions/ports.ts'
import { deliverChanges } from './deliver-changes.ts'
import { deliverRecords } from './deliver-records.ts'
import { type PollerSettings, pollShard, type Reply } from './poller.ts'
import type { Random } from './random.ts'
import { hashOf, newLog, newStream, type Shard, type Stream } from './stream.ts'
import type { Wiring } from './wiring.ts'
import type { Outcome, World } from './world.ts'

export interface Delivery {
  readonly stream: Stream
  /** Redrives the batches that were given up so far, as an operator does. */
  redriveGivenUp(): void
}

export function startDelivery(wiring: Wiring, changes: Changes, random: Random): Delivery {
  const { world, stores, watch } = wiring
  const settings = drawSettings(random, wiring.recordAgeMsMax)
  const givenUp: (() => Promise<Outcome<Reply>>)[] = []
  const readToEnd = new Map<string, Promise<void>>()

  const read = async (shard: Shard<ArrivedRecord>): Promise<void> => {
    const isRacing = world.faults.strikes('racingChild')
    if (!isRacing) await Promise.all(shard.parents.map((parent) => readToEnd.get(parent)))
    await pollShard(
      shard,
      world,
      settings,
      (batch) => deliverRecords(batch, wiring, stores.progress),
      (batch) => {
        watch.wasGivenUp(batch.map(({ sequenceNumber }) => sequenceNumber))
        // With `divert` a published result is final, so nothing redrives these events.
        if (wiring.rules.lateEvents === 'amend') givenUp.push(() => deliverRecords(batch, wiring, null))
      },
    )
  }
  for (const log of changes.logs) {
    void pollShard(
      log,
      world,
      { ...settings, windowMs: 0 },
      (batch) => deliverChanges(batch, wiring),
      (batch) => givenUp.push(() => deliverChanges(batch, wiring)),
    )
  }
  return {
    stream: newStream(world, random.between(1, 3), (shard) => readToEnd.set(shard.id, read(shard))),
    redriveGivenUp: () => {
      for (const send of givenUp.splice(0)) void sendTwice(send, world)
    },
  }
}

/** Retries until the batch was applied twice, because an operator may redrive a batch twice. */
async function sendTwice(send: () => Promise<Outcome<Reply>>, { time }: World): Promise<void> {
  for (let done = 0; done < 2; ) {
    const outcome = await send()
    if (outcome.ok && outcome.value === null) done++
    await time.wait(10 * SECOND_MS)
  }
}

/**
 * Redrives chosen changes of the table's stream as one batch for each shard, as an operator does
 * with a batch that Lambda gave up.
 */
export function redriveChanges(wiring: Wiring, { logs }: Changes, isChosen: () => boolean): void {
  for (const { records } of logs) {
    const batch = records.filter(isChosen)
    if (batch.length > 0) void sendTwice(() => deliverChanges(batch, wiring), wiring.world)
  }
}

type TimedChange = ClosedChange & { readonly arrivalMs: number }

export interface Changes {
  readonly logs: readonly Shard<TimedChange>[]
  add(before: StoredClosed | null, after: StoredClosed): void
}

/** The table's stream on two shards. All changes of one user lie on one shard, in order. */
export function newChanges(world: World): Changes {
  const logs = [newLog<TimedChange>('changes-0'), newLog<TimedChange>('changes-1')] as const
  let count = 0
  return {
    logs,
    add: (before, { user, id, version, closed }) => {
      const log = logs[hashOf(user) < 0.5 ? 0 : 1]
      const change = { user, id, version, after: closed, before: before?.closed ?? null }
      log.records.push({ sequenceNumber: String(++count), arrivalMs: world.time.nowMs(), ...change })
      const delayMs = world.faults.strikes('delayedChange') ? world.random.between(MINUTE_MS, 60 * MINUTE_MS) : 0
      world.time.at(world.time.nowMs() + delayMs, log.wake)
    },
  }
}

function drawSettings(random: Random, recordAgeMsMax: number): PollerSettings {
  const batchSize = random.oneOf([1, 3, 10, 100])
  return { batchSize, recordAgeMsMax, windowMs: batchSize < 10 ? 0 : random.oneOf([0, 5 * SECOND_MS, MINUTE_MS]) }
}
