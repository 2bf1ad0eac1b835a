// Sums the searches of an hour by the values of labels, one row at a time, and those of a day from
// its hours (M4, M5).

import type { Digest } from '../events/event.ts'
import type { CountedRow, CountedSearch } from './count-sum.ts'
import type { Counts } from './counts.ts'
import type { SearchRow } from './result.ts'
import { bucketOf, isRest, NO_VALUE, OTHER_VALUES, type SegmentSum } from './segments.ts'
import { type BucketSums, bucketCountsOf, bucketNumbers, bucketSums, ValueSum } from './value-sum.ts'

/** A row as the index by hour holds it, with the columns by which segments sum it. */
export type SegmentedRow = CountedRow & Partial<Pick<SearchRow, 'pk' | 'labels'>>

/**
 * The values of one label in one hour that are summed each on its own. They are the least by text,
 * so that the choice does not depend on the order of the rows. The others add to `OTHER_VALUES`.
 */
export const VALUES_HELD_MAX = 500
/** Dropping the values beyond that takes a sort, so it waits until so many are held. */
const VALUES_BEFORE_DROP = 2 * VALUES_HELD_MAX

/** `[value, counts, counts of each bucket or null for a bucket without a search]` */
type ValueProgress = readonly [string, Counts, BucketSums]
/** The part of an hour that has been summed, as JSON can hold it. */
export type SegmentProgress = readonly {
  readonly label: string
  /** Values from here on are summed together. Null for none. */
  readonly firstDropped: string | null
  readonly values: readonly ValueProgress[]
}[]

/** Sums the searches of an hour. The result does not depend on the order of the rows. */
export class SegmentSums {
  readonly #labels: readonly LabelSums[]
  readonly #digest: Digest

  /** @param progress as `progress()` returned it for the same labels; empty to begin. */
  constructor(labels: readonly string[], digest: Digest, progress: SegmentProgress = []) {
    this.#labels = labels.map((label) => new LabelSums(label, progress))
    this.#digest = digest
  }

  /** Counts a search. Rows of sessions count in no segment. */
  add(row: SegmentedRow): void {
    if (row.kind !== 'search' || this.#labels.length === 0) return
    if (row.pk === undefined) throw new Error('a search without its partition is in no bucket')
    const bucket = bucketOf(row.pk, this.#digest)
    const counts = bucketNumbers(bucketCountsOf(row))
    for (const label of this.#labels) label.add(row, bucket, counts)
  }

  progress(): SegmentProgress {
    return this.#labels.map((label) => label.progress())
  }

  /** Returns the values of each label, the most asked first, ties by text. */
  all(valuesMax: number): { readonly label: string; readonly values: readonly SegmentSum[] }[] {
    return this.#labels.map((sums) => ({ label: sums.label, values: sums.mostAsked(valuesMax) }))
  }
}

/** Returns the values of a day: the first of its hours, in order, and the rest together. */
export function sumSegments(hours: readonly (readonly SegmentSum[])[], valuesMax: number): SegmentSum[] {
  return firstNamed(
    hours.flat().map(({ value, counts, buckets }) => [value, { counts, buckets: bucketSums(buckets) }]),
    valuesMax,
  )
}

/** Sums by value, those of the first values each on its own, and the rest together. */
function firstNamed(
  sums: readonly (readonly [string, { readonly counts: Counts; readonly buckets: BucketSums }])[],
  valuesMax: number,
): SegmentSum[] {
  const named = new Map<string, ValueSum>()
  const rest = new Map<string, ValueSum>()
  for (const [value, { counts, buckets }] of sums) {
    const isNamed = !isRest(value) && (named.has(value) || named.size < valuesMax)
    const sum = isNamed ? sumOf(named, value) : sumOf(rest, isRest(value) ? value : OTHER_VALUES)
    sum.merge(counts, buckets)
  }
  const last = [NO_VALUE, OTHER_VALUES].map((value) => [value, rest.get(value)] as const)
  return [...named, ...last].flatMap(([value, sum]) => (sum === undefined ? [] : [sum.toSegment(value)]))
}

class LabelSums {
  readonly label: string
  readonly #sums = new Map<string, ValueSum>()
  readonly #rest = new Map<string, ValueSum>()
  #firstDropped: string | null = null

  constructor(label: string, progress: SegmentProgress) {
    this.label = label
    const earlier = progress.find((each) => each.label === label)
    this.#firstDropped = earlier?.firstDropped ?? null
    for (const [value, counts, buckets] of earlier?.values ?? []) this.#sumFor(value).merge(counts, buckets)
  }

  add(row: CountedSearch & Pick<SegmentedRow, 'labels'>, bucket: number, counts: readonly number[]): void {
    this.#sumFor(segmentOf(row, this.label)).add(row, bucket, counts)
    if (this.#sums.size === VALUES_BEFORE_DROP) this.#drop()
  }

  progress(): SegmentProgress[number] {
    this.#drop()
    const all = [...this.#sums, ...this.#rest]
    const values = all.map(([value, { counts, buckets }]): ValueProgress => [value, counts, buckets])
    return { label: this.label, firstDropped: this.#firstDropped, values }
  }

  mostAsked(valuesMax: number): SegmentSum[] {
    this.#drop()
    const searches = ([, { counts }]: [string, ValueSum]): number => counts.searches ?? 0
    const ranked = [...this.#sums].sort((a, b) => searches(b) - searches(a) || (a[0] < b[0] ? -1 : 1))
    return firstNamed([...ranked, ...this.#rest], valuesMax)
  }

  #sumFor(value: string): ValueSum {
    if (isRest(value)) return sumOf(this.#rest, value)
    const isDropped = this.#firstDropped !== null && value >= this.#firstDropped
    return isDropped ? sumOf(this.#rest, OTHER_VALUES) : sumOf(this.#sums, value)
  }

  /**
   * Holds the least values by text on. A dropped value never comes back: from then on, all values
   * that are not less add to the others.
   */
  #drop(): void {
    if (this.#sums.size <= VALUES_HELD_MAX) return
    const values = [...this.#sums.keys()].sort()
    this.#firstDropped = values[VALUES_HELD_MAX] as string
    for (const value of values.slice(VALUES_HELD_MAX)) {
      const { counts, buckets } = this.#sums.get(value) as ValueSum
      sumOf(this.#rest, OTHER_VALUES).merge(counts, buckets)
      this.#sums.delete(value)
    }
  }
}

function sumOf(sums: Map<string, ValueSum>, value: string): ValueSum {
  const sum = sums.get(value) ?? new ValueSum()
  sums.set(value, sum)
  return sum
}

/** Returns the value by which a search is summed. Takes an empty value for none. */
export function segmentOf({ labels }: Pick<SearchRow, 'labels'>, label: string): string {
  // A label may be named like a property of every object, such as `constructor`.
  const value = labels !== undefined && Object.hasOwn(labels, label) ? labels[label] : ''
  return value === undefined || value === '' ? NO_VALUE : value
}
