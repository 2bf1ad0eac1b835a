// Assembles what a comparison prints: its numbers, its sentences, and whether it is to be trusted.

import { type Comparison, compareVariants } from '../../compare/comparison.ts'
import { findingText, pText } from '../../compare/comparison-text.ts'
import { COMPARED_METRICS, type ComparedMetric, type MetricName } from '../../compare/metric.ts'
import { checkSplit, type SplitCheck } from '../../compare/split-check.ts'
import type { UserColumns } from '../../compare/user-columns.ts'
import { comparedByBuckets } from '../../compare/variants.ts'
import { counted } from '../../terminal/text-table.ts'
import type { LabelledVariants } from './summed-variants.ts'

export interface CheckedSplit {
  readonly meant: string
  /** By name, in the order of the parts. An object would put names such as 9 and 10 by number. */
  readonly users: ReadonlyMap<string, number>
  /** Null with too few users to check. */
  readonly check: SplitCheck | null
}

/** The users of a comparison by user. */
export interface ComparedUsers {
  readonly all: number
  /** The users that were seen with several variants. */
  readonly several: number
}

export interface CompareResult {
  readonly metricName: MetricName
  readonly metric: ComparedMetric
  readonly comparison: Comparison
  readonly by: 'buckets' | 'users'
  readonly split: CheckedSplit | null
  readonly users: ComparedUsers | null
  /** Sentences that come before any rate. */
  readonly warnings: readonly string[]
  /** False where a warning makes every number doubtful. */
  readonly isTrusted: boolean
  /** A sentence for each variant that is compared. Empty where nothing is to be trusted. */
  readonly findings: readonly string[]
  readonly notes: readonly string[]
}

/** Beyond this share of users with several variants, a comparison is not to be trusted. */
const SEVERAL_SHARE_MAX = 0.01

export function resultByBuckets(
  { variants, baseline, notes }: LabelledVariants,
  metricName: MetricName,
): CompareResult {
  const metric: ComparedMetric = COMPARED_METRICS[metricName]
  const comparison = compareVariants(
    variants.map((variant) => comparedByBuckets(variant, metric)),
    baseline,
  )
  return { ...common(metricName, comparison, true, notes), by: 'buckets', split: null, users: null, warnings: [] }
}

/** @param split null where no split is checked. */
export function resultByUser(
  { variants, baseline, label, notes }: LabelledVariants,
  metricName: MetricName,
  { columns, unreadable }: { readonly columns: UserColumns; readonly unreadable: number },
  split: { readonly meant: string; readonly parts: readonly number[] } | null,
): CompareResult {
  const comparison = compareVariants(columns.compared(), baseline)
  const users = { all: columns.users, several: columns.usersOfSeveral }
  const names = variants.map(({ name }) => name)
  const checked = split === null ? null : checkedSplit(split, names, columns)
  const isMixed = users.several > users.all * SEVERAL_SHARE_MAX
  const isTrusted = !isMixed && checked?.check?.isBad !== true
  return {
    ...common(metricName, comparison, isTrusted, [
      ...(users.several > 0 && !isMixed ? [`${severalText(users, label)}.`] : []),
      ...(unreadable > 0 ? [`${counted(unreadable, 'row')} cannot be read and count for no variant.`] : []),
      ...notes,
    ]),
    by: 'users',
    split: checked,
    users,
    warnings: [
      ...(checked === null ? [] : [splitText(checked)]),
      ...(isMixed ? [`${severalText(users, label)}, so this comparison is not to be trusted.`] : []),
    ],
  }
}

function common(metricName: MetricName, comparison: Comparison, isTrusted: boolean, notes: readonly string[]) {
  const metric: ComparedMetric = COMPARED_METRICS[metricName]
  const findings = comparison.contrasts.map((contrast) => findingText(contrast, comparison, metric))
  const made = comparison.contrasts.filter(({ adjustedP }) => adjustedP !== null).length
  const several =
    made > 1
      ? [`${made} comparisons were made: p is adjusted by Holm's method, and intervals are those of each alone.`]
      : []
  return {
    metricName,
    metric,
    comparison,
    isTrusted,
    findings: isTrusted ? findings : [],
    notes: [...several, ...notes],
  }
}

function checkedSplit(
  { meant, parts }: { readonly meant: string; readonly parts: readonly number[] },
  names: readonly string[],
  columns: UserColumns,
): CheckedSplit {
  const ofEach = columns.usersOfEach
  return {
    meant,
    users: new Map(names.map((name, n) => [name, ofEach[n] as number])),
    check: checkSplit(ofEach, parts),
  }
}

function severalText({ all, several }: ComparedUsers, label: string): string {
  return `${several} of ${counted(all, 'user')} (${((several / all) * 100).toFixed(1)} %) were seen with more than one ${label}`
}

function splitText({ meant, users, check }: CheckedSplit): string {
  const seen = [...users].map(([name, count]) => `${name} ${count}`).join(', ')
  if (check === null) return `There are too few users to check the split ${meant}: ${seen}.`
  const p = `p ${pText(check.p)}`
  if (!check.isBad) return `The split of users is as meant, ${meant}: ${seen} (${p}).`
  return `The split of users is not as meant, ${meant}: ${seen} (${p}). Something loses or adds users of one variant, so no number below is to be trusted.`
}
