// Simulates the event stream: shards that receive records, and that Kinesis splits and merges.

import type { ArrivedRecord } from '../functions/ports.ts'
import type { World } from './world.ts'

export interface Shard<R> {
  readonly id: string
  readonly parents: readonly string[]
  readonly records: readonly R[]
  /** A closed shard receives no more records. */
  readonly isClosed: boolean
  /** Resolves when the next record arrives or the shard closes. */
  changed(): Promise<void>
}

interface OpenShard extends Shard<ArrivedRecord> {
  readonly records: ArrivedRecord[]
  isClosed: boolean
  /** The shard takes hashed partition keys from `from` (inclusive) to `to` (exclusive). */
  readonly from: number
  readonly to: number
  wake(): void
}

export interface Stream {
  readonly shards: readonly Shard<ArrivedRecord>[]
  put(partitionKey: string, text: string): ArrivedRecord
  /** Splits a random shard, or merges it with the next one. */
  reshard(): void
}

/** Without the fault `unorderedArrivals`, arrival times are at most this much before the puts. */
const ARRIVED_BEFORE_MS_MAX = 2000

/** @param onShard receives every shard when it opens, the first ones too. */
export function newStream(world: World, shardCount: number, onShard: (shard: Shard<ArrivedRecord>) => void): Stream {
  const { time, random, trace, faults } = world
  const shards: OpenShard[] = []
  let sequence = 0
  const open = (from: number, to: number, parents: readonly string[]): void => {
    const shard: OpenShard = { ...newLog<ArrivedRecord>(`shard-${shards.length}`), parents, from, to }
    shards.push(shard)
    trace.add(time.nowMs(), null, `${shard.id} opens after ${parents.join(' and ') || 'nothing'}`)
    onShard(shard)
  }
  const close = (shard: OpenShard): void => {
    shard.isClosed = true
    shard.wake()
  }
  for (let n = 0; n < shardCount; n++) open(n / shardCount, (n + 1) / shardCount, [])
  return {
    shards,
    put: (partitionKey, text) => {
      const hashKey = hashOf(partitionKey)
      const shard = shards.find((one) => !one.isClosed && one.from <= hashKey && hashKey < one.to) as OpenShard
      const usualMs = random.between(0, ARRIVED_BEFORE_MS_MAX)
      const unorderedMs = world.unordered?.arrivedBeforeMs()
      const arrivalMs = time.nowMs() - (unorderedMs ?? usualMs)
      const previousMs = shard.records.at(-1)?.arrivalMs ?? 0
      if (unorderedMs !== undefined && arrivalMs < previousMs) faults.struck('unorderedArrivals')
      const record: ArrivedRecord = {
        shardId: shard.id,
        sequenceNumber: String(++sequence),
        arrivalMs,
        data: Buffer.from(text).toString('base64'),
        subSequence: null,
      }
      shard.records.push(record)
      shard.wake()
      return record
    },
    reshard: () => {
      const live = shards.filter((shard) => !shard.isClosed).sort((a, b) => a.from - b.from)
      const index = random.between(0, live.length - 1)
      const [shard, next] = live.slice(index, index + 2) as [OpenShard, OpenShard?]
      close(shard)
      if (next !== undefined && random.happens(0.5)) {
        close(next)
        open(shard.from, next.to, [shard.id, next.id])
      } else {
        const middle = (shard.from + shard.to) / 2
        open(shard.from, middle, [shard.id])
        open(middle, shard.to, [shard.id])
      }
    },
  }
}

/** An empty shard whose readers can wait for records. */
export function newLog<R>(id: string) {
  let waiting: (() => void)[] = []
  return {
    id,
    parents: [] as readonly string[],
    records: [] as R[],
    isClosed: false,
    changed: () => new Promise<void>((resolve) => waiting.push(resolve)),
    wake: () => {
      for (const resolve of waiting) resolve()
      waiting = []
    },
  }
}

/** Hashes the text to a number from 0 (inclusive) to 1 (exclusive). */
export function hashOf(text: string): number {
  let hash = 2166136261
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619)
  return (Math.imul(hash ^ (hash >>> 15), 2246822519) >>> 0) / 2 ** 32
}
