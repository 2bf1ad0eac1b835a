// `results`: a user, a day, a query or a time in, the result rows of it as a table or as JSON out.

import type { Command } from 'commander'
import type { ResultRow, SearchRow, SessionRow } from '../../functions/domain/results/result.ts'
import { type ListOptions, printList } from '../../terminal/output.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { UsageError } from '../../terminal/user-error.ts'
import { hourRows } from '../reads/hour-rows.ts'
import { type RowFilter, type RowOptions, rowFilter } from '../reads/row-filter.ts'
import { PSEUDONYM_KEY_OPTION, storedIds } from '../reads/stored-user.ts'
import { userRows } from '../reads/user-rows.ts'
import { parseCount, parseDay, parseSince, parseUser } from '../target/option-values.ts'
import { openTarget, type Target } from '../target/target.ts'
import { type TargetOptions, withTarget } from '../target/target-options.ts'

interface ResultsOptions extends TargetOptions, ListOptions, RowOptions {
  readonly user?: string
  readonly pseudonymKey?: string
}

export function addResults(program: Command, terminal: Terminal): void {
  const command = program
    .command('results')
    .description('the result rows of a user, a day, a query, or since a moment: one for each search')
    .option('--user <id>', 'of this user', parseUser)
    .option('--day <day>', 'of searches on this day (UTC)', parseDay)
    .option('--query <text>', 'of searches for this; capitals and spaces do not matter')
    .option('--since <moment>', 'of searches since then: 30m, 12h, 7d ago, a day, or a time with its zone', parseSince)
    .option('--sessions', "sessions' rows instead of searches'")
    .option('--limit <number>', 'at most so many (default: 100; with --json all)', parseCount)
    .option('--json', 'one JSON object a line, as the table has it')
    .option(...PSEUDONYM_KEY_OPTION)
  withTarget(command)
    .addHelpText(
      'after',
      `
The newest first. A row appears when its session closes: after the gap, or at once after an AppClose. Without --user,
--day or --since is needed, of at most 31 days: an hour of all users takes 16 small requests, of one query a single one.

Examples:
  search-ctr results --user ann
  search-ctr results --user ann --sessions --json
  search-ctr results --day 2026-03-02
  search-ctr results --query 'oak lamp' --since 7d --json
  search-ctr results --user ann --day 2026-03-02 --query dogs --local`,
    )
    .action((options) => runResults(options, terminal))
}

async function runResults(options: ResultsOptions, terminal: Terminal): Promise<void> {
  const { user, pseudonymKey } = options
  checkOptions(options)
  const filter = rowFilter(options)
  const target = await openTarget(options, terminal.cwd)
  const users = user === undefined ? null : await storedIds(user, pseudonymKey, target.clients)
  await printList(
    terminal,
    find(target, users, filter),
    options,
    options.sessions
      ? { heading: SESSION_HEADING, cells: (row) => sessionCells(row as SessionRow) }
      : { heading: SEARCH_HEADING, cells: (row) => searchCells(row as SearchRow) },
    `No such results in ${target.title}. Rows appear when a session closes: 'search-ctr sessions --user ... --open' shows what is open.`,
  )
}

async function* find(target: Target, users: readonly string[] | null, filter: RowFilter): AsyncGenerator<ResultRow> {
  const { dynamodb } = target.clients
  const table = target.outputs.ResultsTableName
  if (users === null) yield* hourRows(dynamodb, table, filter, Date.now())
  for (const user of users ?? []) yield* userRows(dynamodb, table, user, filter)
}

function checkOptions({ user, day, query, since, sessions }: ResultsOptions): void {
  if (query !== undefined && sessions) throw new UsageError('--query is of searches: leave --sessions out')
  if (user !== undefined || day !== undefined || since !== undefined) return
  throw new UsageError(`${query === undefined ? 'results' : '--query'}: name a --user, a --day, or the time --since`)
}

const SEARCH_HEADING = ['time (UTC)', 'user', 'query', 'clicked', 'results', 'positions', 'first click']

function searchCells(row: SearchRow): string[] {
  const afterMs = row.time_to_first_click_ms
  return [
    shortTime(row.time),
    row.user,
    short(row.query, QUERY_CHARACTERS),
    row.clicked === 1 ? 'yes' : 'no',
    row.result_count === null ? '' : String(row.result_count),
    short(row.clicked_positions, POSITIONS_CHARACTERS),
    afterMs === null ? '' : `after ${(afterMs / 1000).toFixed(1)} s`,
  ]
}

const SESSION_HEADING = ['start (UTC)', 'user', 'minutes', 'searches', 'with click', 'clicks', 'ctr', 'closed by']

function sessionCells(row: SessionRow): string[] {
  return [
    shortTime(row.start),
    row.user,
    (row.duration_ms / 60_000).toFixed(1),
    String(row.searches),
    String(row.searches_with_click),
    String(row.clicks),
    row.ctr.toFixed(2),
    row.close_reason,
  ]
}

/** So that a row of the table is a line of the terminal; JSON has all. */
const QUERY_CHARACTERS = 50
const POSITIONS_CHARACTERS = 20

function short(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1)}…`
}

function shortTime(time: string): string {
  return time.slice(0, 19).replace('T', ' ')
}
