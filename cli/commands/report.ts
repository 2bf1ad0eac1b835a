// `report`: a target and a range of days in, one HTML file to open or to mail out.

import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { renderReport } from '../../report/render-report.ts'
import { type DayRange, dayAfter, readReport, SESSIONS_DEFAULT, SESSIONS_MAX } from '../../report/report-data.ts'
import { print, printJson } from '../../terminal/output.ts'
import { startProgress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { UserError } from '../../terminal/user-error.ts'
import { latestDay, reportReads } from '../reads/report-reads.ts'
import { parseDay, parsePath, parseSessions } from '../target/option-values.ts'
import { openTarget, type Target } from '../target/target.ts'
import { type TargetOptions, withTarget } from '../target/target-options.ts'

interface ReportOptions extends TargetOptions {
  readonly out: string
  readonly from?: string
  readonly to?: string
  readonly sessions: number
  readonly hideUsers?: true
  readonly json?: true
}

const DAYS_DEFAULT = 28

export function addReport(program: Command, terminal: Terminal): void {
  const command = program
    .command('report')
    .description('one HTML file: click-through and zero-result rates, positions, queries, sessions to look into')
    .option('--out <file>', 'where to write it', parsePath, 'report.html')
    .option(
      '--from <day>',
      `the first day (UTC; default: the first of ${DAYS_DEFAULT} days up to --to that has searches)`,
      parseDay,
    )
    .option('--to <day>', 'the last day (default: the last that is over and has searches)', parseDay)
    .option(
      '--sessions <number>',
      'how many of the latest sessions to explore',
      parseSessions(SESSIONS_MAX),
      SESSIONS_DEFAULT,
    )
    .option('--hide-users', "'user 1' instead of ids, for a report that goes around; queries stay")
    .option('--json', 'print what it is made of instead, as one JSON object')
  withTarget(command)
    .addHelpText(
      'after',
      `
Opens offline, in any browser, and loads nothing. Up to three days are drawn by hour. Sums are made every five minutes (the
setting rollupEvery); sessions can be explored for as long as late events may amend them.

Examples:
  search-ctr report
  search-ctr report --from 2026-03-01 --to 2026-03-31 --hide-users --out march.html
  search-ctr report --local`,
    )
    .action((options) => runReport(options, terminal))
}

async function runReport(options: ReportOptions, terminal: Terminal): Promise<void> {
  const target = await openTarget(options, terminal.cwd)
  const progress = startProgress(terminal.stderr)
  progress.show('reading')
  try {
    const wanted = { ...options, range: await rangeOf(options, target) }
    const data = await readReport(reportReads(target.clients.dynamodb, tablesOf(target)), {
      pipeline: options.local === undefined ? options.stack : 'local run',
      range: wanted.range,
      madeAtMs: Date.now(),
      hideUsers: options.hideUsers === true,
      sessionsMax: options.sessions,
      settings: [],
    })
    progress.clear()
    if (options.json) return printJson(terminal, data)
    const path = resolve(terminal.cwd, options.out)
    await write(options.out, path, renderReport(data))
    print(terminal, `${wanted.range.from} to ${wanted.range.to}: ${path}`)
  } finally {
    progress.clear()
  }
}

export function tablesOf({ outputs }: Pick<Target, 'outputs'>) {
  return { results: outputs.ResultsTableName, sessions: outputs.SessionsTableName }
}

async function rangeOf({ from, to }: ReportOptions, target: Target): Promise<DayRange> {
  const today = new Date().toISOString().slice(0, 'YYYY-MM-DD'.length)
  const last = to ?? (await latestDay(target.clients.dynamodb, target.outputs.ResultsTableName, today))
  if (last === null) {
    throw new UserError(
      `Nothing is summed up yet in ${target.title}: sessions close after the gap, and sums follow within minutes. ('search-ctr drain' does both now.)`,
    )
  }
  if (from !== undefined) return { from, to: last }
  const reads = reportReads(target.clients.dynamodb, tablesOf(target))
  const days = await reads.readDays({ from: dayAfter(last, 1 - DAYS_DEFAULT), to: last })
  return { from: days[0]?.day ?? last, to: last }
}

async function write(out: string, path: string, html: string): Promise<void> {
  try {
    await writeFile(path, html)
  } catch (error) {
    throw new UserError(`--out ${out}: cannot be written (${(error as NodeJS.ErrnoException).code})`)
  }
}
