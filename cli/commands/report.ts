// Implements `report`, which writes one HTML file about a range of days.

import { access, constants, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import { dayAt } from '../../functions/domain/results/rollup.ts'
import type { Segment } from '../../functions/domain/results/segments.ts'
import { renderReport } from '../../report/render-report.ts'
import {
  type DayRange,
  dayAfter,
  type ReportData,
  readReport,
  SESSIONS_DEFAULT,
  SESSIONS_MAX,
} from '../../report/report-data.ts'
import { print, printJson } from '../../terminal/output.ts'
import { startProgress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { fileErrorText, UsageError, UserError } from '../../terminal/user-error.ts'
import { latestDay, reportReads } from '../reads/report-reads.ts'
import { parseDay, parsePath, parseSegment, wholeNumber } from '../target/option-values.ts'
import { checkHasRollups, openTarget, type Target } from '../target/target.ts'
import { type TargetOptions, withTarget } from '../target/target-options.ts'
import { withHelp } from './help.ts'

interface ReportOptions extends TargetOptions {
  readonly out: string
  readonly from?: string
  readonly to?: string
  readonly sessions: number
  readonly segment?: Segment
  readonly hideUsers?: true
  readonly compare?: string
  readonly baseline?: string
  readonly json?: true
}

const DAYS_DEFAULT = 28

export function defineReport(command: Command, terminal: Terminal): void {
  command
    .option('--out <file>', 'the file to write', parsePath, 'report.html')
    .option(
      '--from <day>',
      `the first day (UTC; default: the first day with searches within the ${DAYS_DEFAULT} days up to --to)`,
      parseDay,
    )
    .option('--to <day>', 'the last day (UTC; default: the last day with searches before today)', parseDay)
    .option(
      '--sessions <number>',
      `the number of latest sessions to explore, from 0 to ${SESSIONS_MAX}`,
      wholeNumber(0, SESSIONS_MAX),
      SESSIONS_DEFAULT,
    )
    .option(
      '--segment <label=value>',
      'only searches with this value of a label, such as application=shop; (none) stands for those without the label',
      parseSegment,
    )
    .option('--hide-users', "show 'user 1' instead of user ids; queries stay readable")
    .option('--compare <label>', 'a section that compares the values of this label, such as variant')
    .option('--baseline <value>', 'with --compare, the variant to compare the others with (default: the first by name)')
    .option('--json', 'print the data of the report as one line of JSON instead of writing the file')
  withHelp(withTarget(command), {
    details: `The file opens in any browser, offline, and loads nothing. It draws up to three days by hour, and more
by day. The rollup writes sums every five minutes (the setting rollupEvery). Sessions can be explored
as long as late events may amend them (the setting amendFor).`,
    examples: [
      'search-session-ctr report',
      'search-session-ctr report --from 2026-03-01 --to 2026-03-31 --hide-users --out march.html',
      'search-session-ctr report --compare variant --local',
      'search-session-ctr report --segment application=shop',
    ],
  }).action((options) => runReport(options, terminal))
}

async function runReport(options: ReportOptions, terminal: Terminal): Promise<void> {
  checkOptions(options)
  const path = resolve(terminal.cwd, options.out)
  if (!options.json) await checkFolder(options.out, path)
  const target = await openTarget(options, terminal.cwd)
  checkHasRollups(target)
  const progress = startProgress(terminal.stderr)
  progress.show('reading')
  try {
    const range = await rangeOf(options, target)
    const data = await readReport(reportReads(target.clients.dynamodb, tablesOf(target)), {
      pipeline: options.local === undefined ? options.stack : 'local run',
      range,
      madeAtMs: Date.now(),
      hideUsers: options.hideUsers === true,
      sessionsMax: options.sessions,
      segment: options.segment ?? null,
      settings: [],
    })
    const compared = { ...data, ...(await comparedVariants(options, range, target)) }
    progress.clear()
    if (options.json) return printJson(terminal, compared)
    if (data.days.length === 0)
      throw new UserError(
        `There are no searches${segmentText(options)} from ${range.from} to ${range.to} in ${target.title}: nothing was written.`,
      )
    await write(options.out, path, renderReport(compared))
    print(terminal, `${range.from} to ${range.to}: ${path}`)
  } finally {
    progress.clear()
  }
}

async function comparedVariants(
  { compare: label, baseline }: ReportOptions,
  range: DayRange,
  { clients, outputs, title }: Target,
): Promise<Pick<ReportData, 'variants'>> {
  if (label === undefined) return {}
  // The statistics take time to load, and most reports compare nothing.
  const { readReportVariants } = await import('../compare/report-variants.ts')
  const store = { client: clients.dynamodb, table: outputs.ResultsTableName, title }
  return { variants: await readReportVariants(store, { label, range, baseline }, new Date()) }
}

export function tablesOf({ outputs }: Pick<Target, 'outputs'>) {
  return { results: outputs.ResultsTableName, sessions: outputs.SessionsTableName }
}

async function rangeOf({ from, to }: ReportOptions, target: Target): Promise<DayRange> {
  const today = dayAt(Date.now())
  const last = to ?? (await latestDay(target.clients.dynamodb, target.outputs.ResultsTableName, today))
  if (last === null) {
    throw new UserError(
      `There are no sums yet in ${target.title}: sessions close after the gap, and sums follow within minutes. 'search-session-ctr drain' does both now.`,
    )
  }
  if (from !== undefined && from > last)
    throw new UserError(`There are no searches since ${from} in ${target.title}: the last day with sums is ${last}.`)
  if (from !== undefined) return { from, to: last }
  const reads = reportReads(target.clients.dynamodb, tablesOf(target))
  const days = await reads.readDays({ from: dayAfter(last, 1 - DAYS_DEFAULT), to: last })
  return { from: days[0]?.day ?? last, to: last }
}

function segmentText({ segment }: ReportOptions): string {
  return segment === undefined ? '' : ` with ${segment.label}=${segment.value}`
}

function checkOptions({ from, to, segment, compare, baseline }: ReportOptions): void {
  if (baseline !== undefined && compare === undefined)
    throw new UsageError('--baseline needs --compare: it is the variant to compare the others with')
  if (compare !== undefined && segment !== undefined)
    throw new UsageError('--compare takes all searches, since no sums are by two labels: leave --segment out')
  if (from !== undefined && to !== undefined && from > to)
    throw new UsageError(`--from ${from} is after --to ${to}: --from is the first day of the report and --to the last`)
}

/** Reading takes long, so a folder that takes no file is reported first. */
async function checkFolder(out: string, path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK)
  } catch (error) {
    throw new UserError(`--out ${out}: ${fileErrorText(error, path)}`)
  }
}

async function write(out: string, path: string, html: string): Promise<void> {
  try {
    await writeFile(path, html)
  } catch (error) {
    throw new UserError(`--out ${out}: ${fileErrorText(error, path)}`)
  }
}
