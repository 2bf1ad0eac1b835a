// Tests that the largest item of sums by label stays far below the 400 KB of DynamoDB.

import { expect, it } from 'vitest'
import { metadataAttributes } from '../../../functions/aws/results-table/revisions.ts'
import { readSegments, segmentItem } from '../../../functions/aws/results-table/segment-items.ts'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import { itemBytes } from '../../../functions/aws/runtime/item-bytes.ts'
import { SEGMENT_VALUES_MAX } from '../../../functions/contract.ts'
import { SEARCH_COUNTS } from '../../../functions/domain/results/counts.ts'
import {
  BUCKETS,
  hourSegments,
  NO_VALUE,
  OTHER_VALUES,
  type SegmentSum,
} from '../../../functions/domain/results/segments.ts'
import { toBucketCounts } from '../../../functions/domain/results/value-sum.ts'
import { SEED } from '../../support/random-log.ts'

const ITEM_BYTES_MAX = 400 * 1024
/** A day with these has three billion searches. */
const BUCKET_COUNT_MAX = 1_000_000
const COUNT_MAX = 10_000_000_000_000
const LONGEST = '\u{1F600}'.repeat(61)

/** Digits without a pattern, which no compression makes shorter. */
function count(name: string, max: number): number {
  return (
    Number.parseInt(
      Buffer.from(sha256(`${SEED} ${name}`), 'base64url')
        .toString('hex')
        .slice(0, 12),
      16,
    ) % max
  )
}

function largest(value: string): SegmentSum {
  const counts = SEARCH_COUNTS.map((name) => [name, count(`${value} ${name}`, COUNT_MAX)])
  const buckets = Array.from({ length: BUCKETS }, (_, bucket) =>
    toBucketCounts(Array.from({ length: 7 }, (_, n) => count(`${value} ${bucket} ${n}`, BUCKET_COUNT_MAX))),
  )
  return { value, counts: Object.fromEntries(counts), buckets }
}

it('holds the most values, with the longest texts and large counts in every bucket, and leaves a fifth free', () => {
  const values = Array.from({ length: SEGMENT_VALUES_MAX }, (_, n) => `${LONGEST}${String(n).padStart(3, '0')}`)
  const segments = hourSegments('l'.repeat(32), '2026-03-02T00', [...values, NO_VALUE, OTHER_VALUES].map(largest), null)
  const item = segmentItem(segments)
  const bytes = itemBytes({ ...item, ...metadataAttributes({ computedAtMs: 0, expiresAtMs: 0 }, 1) })
  expect(bytes).toBeGreaterThan(ITEM_BYTES_MAX / 2)
  expect(bytes).toBeLessThan((ITEM_BYTES_MAX * 4) / 5)
  expect(readSegments(item)).toEqual(segments)
})
