// Reads the dead letters that were written since yesterday, the newest objects first.

import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3'
import { FAILED_PREFIX, REJECTED_PREFIX } from '../../functions/contract.ts'
import { DAY_MS } from '../../functions/domain/durations.ts'
import { dayOf, hourAt } from '../../functions/domain/results/rollup.ts'
import { objectText } from '../dead-letters/bucket-objects.ts'
import { type ShownDeadLetter, toDeadLetters } from '../dead-letters/stored-dead-letters.ts'
import type { Target } from '../target/target.ts'

/** After so many dead letters of one prefix, no further object is read: they show what is wrong. */
const DEAD_LETTERS_MAX = 1000
const OBJECTS_MAX = 100
/** A page lists 1,000 objects. */
const PAGES_MAX = 10

export interface RecentDeadLetters {
  /** A record that was refused twice is here once. */
  readonly deadLetters: readonly ShownDeadLetter[]
  readonly hasMore: boolean
}

/**
 * Leaves out rejected events of earlier days, which expire by themselves, but no failed batch. Each
 * prefix has limits of its own, so that many dead letters under one hide none of another.
 */
export async function recentDeadLetters({ clients, outputs }: Target, nowMs: number): Promise<RecentDeadLetters> {
  const days = [nowMs, nowMs - DAY_MS].map((timeMs) => dayOf(hourAt(timeMs)))
  const byRecord = new Map<string, ShownDeadLetter>()
  let hasMore = false
  for (const prefix of [FAILED_PREFIX, ...days.map((day) => `${REJECTED_PREFIX}${day}/`)]) {
    const keys = await newestKeys(clients.s3, outputs.DeadLetterBucketName, prefix)
    const countBefore = byRecord.size
    let read = 0
    for (const key of keys) {
      if (byRecord.size - countBefore >= DEAD_LETTERS_MAX || read === OBJECTS_MAX) break
      for (const deadLetter of toDeadLetters(key, await objectText(clients.s3, outputs.DeadLetterBucketName, key))) {
        byRecord.set(recordOf(deadLetter), deadLetter)
      }
      read++
    }
    hasMore ||= read < keys.length
  }
  return { deadLetters: [...byRecord.values()], hasMore }
}

function recordOf({ key, sequence, subSequence }: ShownDeadLetter): string {
  return sequence === null ? key : `${sequence} ${subSequence}`
}

async function newestKeys(s3: S3Client, bucket: string, prefix: string): Promise<string[]> {
  const found: { key: string; atMs: number }[] = []
  let pages = 0
  for await (const { Contents: objects } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix })) {
    for (const { Key: key = '', LastModified: at } of objects ?? []) found.push({ key, atMs: at?.getTime() ?? 0 })
    pages++
    if (pages === PAGES_MAX) break
  }
  return found.sort((a, b) => b.atMs - a.atMs).map(({ key }) => key)
}
