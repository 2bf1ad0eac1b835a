// Reads the variants of a label from the sums of days, and notes what the sums leave out.

import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { type SummedVariants, sumVariants, type VariantSum } from '../../compare/variants.ts'
import { type NonEmpty, nonEmpty } from '../../functions/domain/non-empty.ts'
import { type DayRollup, segmentsIn } from '../../functions/domain/results/rollup.ts'
import type { DaySegments } from '../../functions/domain/results/segments.ts'
import type { DayRange } from '../../report/report-data.ts'
import { counted, printable } from '../../terminal/text-table.ts'
import { UserError } from '../../terminal/user-error.ts'
import { reportReads } from '../reads/report-reads.ts'
import { readDaySegments } from '../reads/segment-reads.ts'

export interface VariantsStore {
  readonly client: DynamoDBDocumentClient
  readonly table: string
  /** Names the pipeline. */
  readonly title: string
}

export interface VariantsWanted {
  readonly label: string
  readonly range: DayRange
  /** The variant that the others are compared with. Undefined for the first by name. */
  readonly baseline: string | undefined
}

export interface LabelledVariants {
  readonly label: string
  /** In the order of their names, two or more. */
  readonly variants: readonly VariantSum[]
  readonly baseline: string
  /** The days with searches, in order. */
  readonly days: NonEmpty<DayRollup>
  readonly leftOut: SummedVariants['leftOut']
  /** Sentences about searches that the sums by label leave out. */
  readonly notes: readonly string[]
}

/**
 * Throws a UserError where there is nothing to compare, and for an unknown baseline.
 *
 * @param today UTC, such as `2026-03-02`. Its sums still grow.
 */
export async function readSummedVariants(
  { client, table, title }: VariantsStore,
  { label, range, baseline }: VariantsWanted,
  today: string,
): Promise<LabelledVariants> {
  const read = await reportReads(client, { results: table, sessions: '' }).readDays(range)
  const days = read.filter(({ searches }) => searches > 0).sort((a, b) => (a.day < b.day ? -1 : 1))
  const where = `from ${range.from} to ${range.to} in ${title}`
  if (days.length === 0) throw new UserError(`There are no searches ${where}.`)
  const segments = await readDaySegments(client, table, label, range)
  if (segments.length === 0) throw new UserError(unsummedText(label, days, where))
  const { variants, leftOut } = sumVariants(segments.map(({ values }) => values))
  checkVariants(variants, label, where, baseline)
  return {
    label,
    variants,
    baseline: baseline ?? nonEmpty(variants)[0].name,
    days: nonEmpty(days),
    leftOut,
    notes: [...leftOutNotes(label, leftOut), ...dayNotes(label, days, segments), ...todayNotes(days, today)],
  }
}

function unsummedText(label: string, days: readonly DayRollup[], where: string): string {
  const labels = [...new Set(days.flatMap(segmentsIn))].sort()
  if (labels.includes(label)) return `There are no sums by ${label} ${where} yet.`
  if (labels.length === 0)
    return `There are no sums by any label ${where}: the setting segments names those to sum by, and sums begin with its deployment.`
  return `There are no sums by ${label} ${where}: the setting segments names ${labels.join(', ')}.`
}

function checkVariants(
  variants: readonly VariantSum[],
  label: string,
  where: string,
  baseline: string | undefined,
): void {
  const names = variants.map(({ name }) => name)
  if (names.length === 0) throw new UserError(`No search has the label ${label} ${where}.`)
  if (baseline !== undefined && !names.includes(baseline))
    throw new UserError(`--baseline ${baseline}: no search has this ${label} ${where}. There are ${listed(names)}.`)
  if (names.length === 1)
    throw new UserError(
      `All searches with the label ${label} ${where} have ${listed(names)}: there is nothing to compare.`,
    )
}

const LISTED_MAX = 10

function listed(names: readonly string[]): string {
  return `${names.slice(0, LISTED_MAX).map(printable).join(', ')}${names.length > LISTED_MAX ? ', ...' : ''}`
}

function leftOutNotes(label: string, { none, other }: SummedVariants['leftOut']): string[] {
  return [
    ...(none > 0 ? [`${counted(none, 'search has', 'searches have')} no ${label} and count for no variant.`] : []),
    ...(other > 0
      ? [
          `${counted(other, 'search has', 'searches have')} a ${label} beyond the setting segmentValuesMax and count for no variant.`,
        ]
      : []),
  ]
}

/** Compares the sums of each day with those by label. They differ while a rollup writes them. */
function dayNotes(label: string, days: readonly DayRollup[], segments: readonly DaySegments[]): string[] {
  const summed = new Map(
    segments.map(({ day, values }) => [day, values.reduce((sum, { counts }) => sum + (counts.searches ?? 0), 0)]),
  )
  const without = days.filter(({ day }) => !summed.has(day)).map(({ day }) => day)
  const partly = days.filter(({ day, searches }) => summed.has(day) && summed.get(day) !== searches)
  return [
    ...(without.length > 0
      ? [
          `${counted(without.length, 'day')} with searches ${without.length === 1 ? 'has' : 'have'} no sums by ${label} (${spanText(without)}): the setting segments did not name it yet.`,
        ]
      : []),
    ...(partly.length > 0
      ? [
          `${counted(partly.length, 'day is', 'days are')} summed by ${label} only in part yet (${spanText(partly.map(({ day }) => day))}), as while a rollup writes its sums.`,
        ]
      : []),
  ]
}

function spanText(days: readonly string[]): string {
  const [first, last] = [days[0], days.at(-1)]
  return first === last ? `${first}` : `${first} to ${last}`
}

function todayNotes(days: readonly DayRollup[], today: string): string[] {
  return days.at(-1)?.day === today ? [`Today (${today}) is not over: its sums still grow.`] : []
}
