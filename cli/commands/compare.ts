// Implements `compare`, which compares the variants of a label by one metric.

import { type Command, Option } from 'commander'
import { COMPARED_METRICS, METRIC_NAMES, type MetricName } from '../../compare/metric.ts'
import { dayAt } from '../../functions/domain/results/rollup.ts'
import { type DayRange, dayAfter, daysIn } from '../../report/report-data.ts'
import { EXIT } from '../../terminal/exit-codes.ts'
import { note, printJson } from '../../terminal/output.ts'
import { startProgress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { UsageError, UserError } from '../../terminal/user-error.ts'
import { comparisonJson, printComparison } from '../compare/compare-output.ts'
import { type CompareResult, resultByBuckets, resultByUser } from '../compare/compare-result.ts'
import { estimateRead, expiredNotes, type ReadEstimate, readUserVariants } from '../compare/exact-variants.ts'
import { type MeantSplit, parseSplit, partsOf } from '../compare/split-option.ts'
import { type LabelledVariants, readSummedVariants } from '../compare/summed-variants.ts'
import { reportReads } from '../reads/report-reads.ts'
import { parseSince } from '../target/option-values.ts'
import { checkHasRollups, openTarget, type Target } from '../target/target.ts'
import { type TargetOptions, withTarget } from '../target/target-options.ts'
import { isConfirmed } from './confirmation.ts'
import { withHelp } from './help.ts'

interface CompareOptions extends TargetOptions {
  readonly by: string
  readonly metric: MetricName
  /** Epoch milliseconds. Undefined for the days of `SINCE_DAYS`. */
  readonly since?: number
  readonly baseline?: string
  readonly exact?: true
  readonly split?: MeantSplit
  readonly yes?: true
  readonly json?: true
}

const SINCE_DAYS = 14
/** Sums are stored for so long by default, and a day of two variants takes a KB or two. */
const DAYS_MAX = 1100
/** An hour takes a request for each slice, so a month takes some 12,000. */
const EXACT_HOURS_MAX = 31 * 24

export function defineCompare(command: Command, terminal: Terminal): void {
  command
    .requiredOption('--by <label>', 'the label whose values are the variants, such as variant')
    .addOption(new Option('--metric <name>', 'the ratio to compare').choices(METRIC_NAMES).default('ctr'))
    .option(
      '--since <time>',
      `whole days (UTC) from the day of this time until today: 14d ago, or a day (default: ${SINCE_DAYS}d)`,
      parseSince,
    )
    .option('--baseline <value>', 'the variant to compare the others with (default: the first by name)')
    .option('--exact', 'compare by user, from the rows; first prints what that reads and costs')
    .option(
      '--split <parts>',
      'with --exact, how users are meant to be split: 50:50 in the order of the names, or A=90,B=10',
      parseSplit,
    )
    .option('--yes', 'with --exact, do not ask for confirmation; without a terminal the command never asks')
    .option('--json', 'print one line of JSON: trusted, split, users, baseline, variants, findings, notes and more')
  withHelp(withTarget(command), {
    details: `The variants are values of a label that the setting segments names. By default the command reads the
sums of each day, in which users fall into 64 buckets. docs/metrics.md derives the interval and p, and
shows why a test of single searches is wrong. Decide on the metric and the days before, and compare once.`,
    examples: [
      'search-session-ctr compare --by variant',
      'search-session-ctr compare --by variant --metric satisfied --since 2026-03-02 --baseline A',
      'search-session-ctr compare --by variant --exact --split 50:50 --local',
    ],
    findings: 'not to be trusted: the split is not as meant, or too many users have several variants',
  }).action((options) => runCompare(options, terminal))
}

async function runCompare(options: CompareOptions, terminal: Terminal): Promise<void> {
  const today = dayAt(Date.now())
  const range = rangeOf(options, today)
  const target = await openTarget(options, terminal.cwd)
  checkHasRollups(target)
  const store = { client: target.clients.dynamodb, table: target.outputs.ResultsTableName, title: target.title }
  const wanted = { label: options.by, range, baseline: options.baseline }
  const variants = await readSummedVariants(store, wanted, today)
  const result = options.exact
    ? await compareExactly(options, variants, range, target, terminal)
    : resultByBuckets(variants, options.metric)
  if (options.json) printJson(terminal, comparisonJson(result, variants, range))
  else printComparison(terminal, result, variants, range)
  if (!result.isTrusted) terminal.exitCode = EXIT.findings
}

/** Throws a UserError where the person does not confirm. */
async function compareExactly(
  { metric, split, yes, json }: CompareOptions,
  variants: LabelledVariants,
  range: DayRange,
  { clients, outputs }: Target,
  terminal: Terminal,
): Promise<CompareResult> {
  const names = variants.variants.map(({ name }) => name)
  const parts = split === undefined ? null : { meant: split.text, parts: partsOf(split, names) }
  const table = outputs.ResultsTableName
  const reads = reportReads(clients.dynamodb, { results: table, sessions: outputs.SessionsTableName })
  const hours = (await reads.readHours(range)).filter(({ searches }) => searches > 0)
  if (hours.length > EXACT_HOURS_MAX)
    throw new UsageError(
      `--exact reads up to ${EXACT_HOURS_MAX} hours with searches, and there are ${hours.length}: take a later --since`,
    )
  const estimate = estimateRead(hours)
  if (!json) note(terminal, estimateText(estimate))
  if (!yes && !(await isConfirmed('Read them?', terminal))) throw new UserError('Nothing was read.')
  const progress = startProgress(terminal.stderr)
  try {
    const wanted = { label: variants.label, variants: names, metric: COMPARED_METRICS[metric] }
    const exact = await readUserVariants({ client: clients.dynamodb, table }, wanted, hours, (searches) =>
      progress.show(`${searches} of ${estimate.searches} searches`),
    )
    if (exact.columns.users === 0)
      throw new UserError('The rows of these days are gone: leave --exact out, since sums are stored longer.')
    const notes = [...expiredNotes(hours, Date.now()), ...variants.notes]
    return resultByUser({ ...variants, notes }, metric, exact, parts)
  } finally {
    progress.clear()
  }
}

function estimateText({ searches, requests, bytes, readUnits, dollars }: ReadEstimate): string {
  const grouped = (count: number): string => Math.ceil(count).toLocaleString('en-GB')
  const price = dollars < 0.01 ? 'less than $0.01' : `$${dollars.toFixed(2)}`
  return `--exact reads ${grouped(searches)} searches in ${grouped(requests)} requests or more: some ${grouped(bytes / 1e6)} MB, ${grouped(readUnits)} read units and ${price} on demand in us-east-1.`
}

function rangeOf({ since, exact, split }: CompareOptions, today: string): DayRange {
  if (split !== undefined && !exact)
    throw new UsageError('--split needs --exact: the sums of days hold buckets, and no users')
  const from = since === undefined ? dayAfter(today, -SINCE_DAYS) : dayAt(since)
  if (from > today) throw new UsageError(`--since ${from} is after today, ${today}`)
  const range = { from, to: today }
  if (daysIn(range) > DAYS_MAX) throw new UsageError(`--since: a comparison is limited to ${DAYS_MAX} days`)
  return range
}
