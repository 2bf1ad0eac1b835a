// The poller of Lambda: a shard in, its records delivered in batches, in order, again and again until they are applied.

import type { Shard } from './stream.ts'
import type { Outcome, World } from './world.ts'

export interface PolledRecord {
  readonly sequenceNumber: string
  /** When it came into the shard. */
  readonly arrivalMs: number
}

export interface PollerSettings {
  readonly batchSize: number
  readonly windowMs: number
  /** What is older is not tried again. */
  readonly recordAgeMsMax: number
}

/** The sequence number of the first record that failed, or null. */
export type Reply = string | null

const BACKOFF_MS_MAX = 20_000
const STALL_MS_MAX = 4 * 60 * 60 * 1000

/** Ends when the shard is closed and drained. @param discard is given the batches that were given up. */
export async function pollShard<R extends PolledRecord>(
  shard: Shard<R>,
  world: World,
  settings: PollerSettings,
  deliver: (batch: readonly R[]) => Promise<Outcome<Reply>>,
  discard: (batch: readonly R[]) => void,
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
      const stallMs = random.between(60_000, STALL_MS_MAX)
      trace.add(time.nowMs(), null, `${shard.id} is stalled for ${Math.round(stallMs / 60_000)} min`)
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
  deliver: (batch: readonly R[]) => Promise<Outcome<Reply>>,
  discard: (batch: readonly R[]) => void,
): Promise<void> {
  const pieces: (readonly R[])[] = [batch]
  for (let next = pieces.shift(); next !== undefined; next = pieces.shift()) {
    const isTooOld = (record: R): boolean => time.nowMs() - record.arrivalMs > recordAgeMsMax
    const old = next.filter(isTooOld)
    if (old.length > 0) {
      faults.struck('discarded')
      discard(old)
    }
    const piece = next.filter((record) => !isTooOld(record))
    if (piece.length === 0) continue
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
