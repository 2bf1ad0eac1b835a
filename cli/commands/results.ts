// Implements `results`, which prints result rows of a user, a day, a query or a time range.

import type { Command } from 'commander'
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import { labelText } from '../../functions/domain/events/label-text.ts'
import type { ClicksRow, ResultRow, SearchRow, SessionRow } from '../../functions/domain/results/result.ts'
import { OTHER_VALUES } from '../../functions/domain/results/segments.ts'
import { type ListOptions, printList } from '../../terminal/output.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { shellWord, shortened } from '../../terminal/text-table.ts'
import { UsageError } from '../../terminal/user-error.ts'
import { hourRows } from '../reads/hour-rows.ts'
import { type RowFilter, type RowOptions, rowFilter } from '../reads/row-filter.ts'
import { PSEUDONYM_KEY_OPTION, storedIds } from '../reads/stored-user.ts'
import { userRows } from '../reads/user-rows.ts'
import { parseCount, parseDay, parseSegment, parseSince, parseUser } from '../target/option-values.ts'
import { checkHasRollups, openTarget, type Target } from '../target/target.ts'
import { type TargetOptions, targetText, withTarget } from '../target/target-options.ts'
import { withHelp } from './help.ts'

interface ResultsOptions extends TargetOptions, ListOptions, RowOptions {
  readonly user?: string
  readonly pseudonymKey?: string
}

export function defineResults(command: Command, terminal: Terminal): void {
  command
    .option('--user <id>', 'only rows of this user, named as in events', parseUser)
    .option('--day <day>', 'only searches or sessions of this day (UTC), such as 2026-03-02', parseDay)
    .option('--query <text>', 'only searches for this query; capitals and extra spaces do not matter')
    .option(
      '--segment <label=value>',
      'only searches with this value of a label, such as application=shop; (none) selects those without the label',
      parseSegment,
    )
    .option(
      '--since <time>',
      'only rows since then: 30m, 12h or 7d ago, a day (UTC), or a time with its zone',
      parseSince,
    )
    .option('--sessions', 'print a row for each session with a search or a click instead of each search')
    .option('--limit <number>', 'print at most so many rows (default: 100, with --json all)', parseCount)
    .option('--json', 'print each row as one line of JSON, with the columns of the table')
    .option(...PSEUDONYM_KEY_OPTION)
  withHelp(withTarget(command), {
    details: `The newest row comes first. A row appears when its session closes: after the gap, or soon after an
AppClose. Without --user, the command needs --day or --since, and reads at most 31 days. An hour of
all users then takes 16 small requests, or one with --query.`,
    examples: [
      'search-session-ctr results --user ann',
      'search-session-ctr results --user ann --sessions --json',
      'search-session-ctr results --day 2026-03-02',
      "search-session-ctr results --query 'oak lamp' --since 7d --json",
      'search-session-ctr results --day 2026-03-02 --segment application=shop',
      'search-session-ctr results --user ann --day 2026-03-02 --query dogs --local',
    ],
  }).action((options) => runResults(options, terminal))
}

async function runResults(options: ResultsOptions, terminal: Terminal): Promise<void> {
  const { user, pseudonymKey } = options
  checkOptions(options)
  const filter = rowFilter(options)
  const target = await openTarget(options, terminal.cwd)
  if (user === undefined) checkHasRollups(target)
  const users = user === undefined ? null : await storedIds(user, pseudonymKey, target.clients)
  await printList(
    terminal,
    find(target, users, filter),
    options,
    options.sessions
      ? { heading: SESSION_HEADING, cells: (row) => sessionCells(row as SessionRow | ClicksRow) }
      : { heading: SEARCH_HEADING, cells: (row) => searchCells(row as SearchRow), last: LABEL_COLUMN },
    nothingText(options, target.title),
  )
}

async function* find(target: Target, users: readonly string[] | null, filter: RowFilter): AsyncGenerator<ResultRow> {
  const { dynamodb } = target.clients
  const table = target.outputs.ResultsTableName
  if (users === null) yield* hourRows(dynamodb, table, filter, Date.now())
  for (const user of users ?? []) yield* userRows(dynamodb, table, user, filter)
}

function nothingText(options: ResultsOptions, title: string): string {
  const { user } = options
  const whose = user === undefined ? '' : ' of this user'
  const labels = options.segment === undefined ? '' : ' Rows have the labels that the setting segments names.'
  const next = `search-session-ctr sessions --user ${shellWord(user ?? 'ID')} --open${targetText(options)}`
  return `There are no such results${whose} in ${title}. A row appears when its session closes: '${next}' shows open sessions.${labels}`
}

function checkOptions({ user, day, query, segment, since, sessions }: ResultsOptions): void {
  if (query !== undefined && sessions) throw new UsageError('--query selects searches: leave --sessions out')
  if (segment !== undefined && sessions) throw new UsageError('--segment selects searches: leave --sessions out')
  if (segment?.value === OTHER_VALUES)
    throw new UsageError(`--segment: ${OTHER_VALUES} is in sums only, and each row has its own value`)
  const dayAfter = day === undefined ? Number.POSITIVE_INFINITY : Date.parse(`${day}T00:00:00Z`) + DAY_MS
  if (since !== undefined && since >= dayAfter)
    throw new UsageError(`--since ${new Date(since).toISOString()} is after --day ${day}: leave one of them out`)
  if (user !== undefined || day !== undefined || since !== undefined) return
  throw new UsageError(`${query === undefined ? 'results' : '--query'} needs --user, --day or --since`)
}

const SEARCH_HEADING = ['time (UTC)', 'user', 'query', 'clicked', 'satisfied', 'results', 'positions', 'first click']

function searchCells(row: SearchRow): string[] {
  const afterMs = row.time_to_first_click_ms
  return [
    shortTime(row.time),
    row.user,
    shortened(row.query, QUERY_WIDTH),
    row.clicked === 1 ? 'yes' : 'no',
    row.satisfaction === null ? '' : SATISFIED_TEXT[row.satisfaction],
    row.result_count === null ? '' : String(row.result_count),
    shortened(row.clicked_positions, POSITIONS_WIDTH),
    afterMs === null ? '' : `after ${(afterMs / SECOND_MS).toFixed(1)} s`,
  ]
}

const LABEL_COLUMN = {
  heading: 'labels',
  cell: (row: ResultRow) => shortened(labelText(row.kind === 'search' ? row.labels : undefined), LABELS_WIDTH),
}

const SATISFIED_TEXT = { satisfied: 'yes', unknown: 'unknown', unsatisfied: 'no' } as const

const SESSION_HEADING = [
  'start (UTC)',
  'user',
  'minutes',
  'searches',
  'with click',
  'clicks',
  'of no search',
  'ctr',
  'to success',
  'closed by',
]

function sessionCells(row: SessionRow | ClicksRow): string[] {
  const counts =
    row.kind === 'session'
      ? [row.searches, row.searches_with_click, row.clicks, row.orphan_clicks]
      : [0, 0, 0, row.orphan_clicks]
  return [
    shortTime(row.start),
    row.user,
    (row.duration_ms / MINUTE_MS).toFixed(1),
    ...counts.map(String),
    row.kind === 'session' ? row.ctr.toFixed(2) : '',
    row.kind === 'session' ? String(row.searches_to_success ?? '') : '',
    row.close_reason,
  ]
}

/** Widths in columns that let a row fit a line of the terminal. JSON has the whole texts. */
const QUERY_WIDTH = 39
const POSITIONS_WIDTH = 20
const LABELS_WIDTH = 60

function shortTime(time: string): string {
  return time.slice(0, 19).replace('T', ' ')
}
