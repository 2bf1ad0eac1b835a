// Delivers a shard's records in batches and in order, as Lambda's poller does. It redelivers each
// batch until it is applied or too old.

import { HOUR_MS, MINUTE_MS } from '../functions/domain/durations.ts'
import { isNonEmpty, type NonEmpty } from '../functions/domain/non-empty.ts'
import type { Shard } from './stream.ts'
import type { Outcome, World } from './world.ts'

export interface PolledRecord {
  readonly sequenceNumber: string

  readonly arrivalMs: number
}

export interface PollerSettings {
  readonly batchSize: number
  readonly windowMs: number
  /** The poller gives up records that are older. */
  readonly recordAgeMsMax: number
}

/** The sequence number of the first record that failed; null when the batch is applied. */
export type Reply = string | null

const BACKOFF_MS_MAX = 20_000
const STALL_MS_MAX = 4 * HOUR_MS

/**
 * Ends when the shard is closed and read to its end.
 *
 * @param discard receives the records that the poller gives up.
 */
export async function pollShard<R extends PolledRecord>(
  shard: Shard<R>,
  world: World,
  settings: PollerSettings,
  deliver: (batch: NonEmpty<R>) => Promise<Outcome<Reply>>,
  discard: (batch: NonEmpty<R>) => void,
): Promise<void> {
  const { time, random, faults, trace } = world
  const stallAt = faults.strikes('stalledShard') ? random.between(0, 200) : -1
  let position = 0
  for (;;) {
    if (position >= shard.records.length) {
      if (shard.isClosed) return
      await shard.changed()
      continue
    }
    await time.wait(random.between(1, 1 + settings.windowMs))
    if (stallAt >= position && stallAt < position + settings.batchSize) {
      const stallMs = random.between(MINUTE_MS, STALL_MS_MAX)
      trace.add(time.nowMs(), null, `${shard.id} stalls for ${Math.round(stallMs / MINUTE_MS)} min`)
      await time.wait(stallMs)
    }
    const batch = shard.records.slice(position, position + settings.batchSize)
    await deliverAll(batch, world, settings.recordAgeMsMax, deliver, discard)
    position += batch.length
    if (faults.strikes('lostCheckpoint')) {
      const back = random.between(batch.length, batch.length + settings.batchSize)
      const oldestMs = time.nowMs() - settings.recordAgeMsMax
      const oldest = shard.records.findIndex(({ arrivalMs }) => arrivalMs >= oldestMs)
      if (oldest >= 0) position = Math.min(position, Math.max(0, oldest, position - back))
    }
  }
}

async function deliverAll<R extends PolledRecord>(
  batch: readonly R[],
  { time, random, faults }: World,
  recordAgeMsMax: number,
  deliver: (batch: NonEmpty<R>) => Promise<Outcome<Reply>>,
  discard: (batch: NonEmpty<R>) => void,
): Promise<void> {
  const pieces: (readonly R[])[] = [batch]
  for (let next = pieces.shift(); next !== undefined; next = pieces.shift()) {
    const isTooOld = (record: R): boolean => time.nowMs() - record.arrivalMs > recordAgeMsMax
    const old = next.filter(isTooOld)
    if (isNonEmpty(old)) {
      faults.struck('discarded')
      discard(old)
    }
    const piece = next.filter((record) => !isTooOld(record))
    if (!isNonEmpty(piece)) continue
    const outcome = await deliver(piece)
    if (outcome.ok && outcome.value === null) continue
    const failedAt = outcome.ok ? piece.findIndex((record) => record.sequenceNumber === outcome.value) : 0
    if (failedAt < 0) throw new Error('a batch failed at a record that is not in it')
    const rest = piece.slice(failedAt)
    const half = rest.length > 1 && faults.strikes('bisected') ? Math.ceil(rest.length / 2) : rest.length
    pieces.unshift(...[rest.slice(0, half), rest.slice(half)].filter((part) => part.length > 0))
    await time.wait(random.between(100, BACKOFF_MS_MAX))
  }
}
