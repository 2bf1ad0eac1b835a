// Implements `tail`, which prints result rows as finalize writes them.

import { setTimeout as wait } from 'node:timers/promises'
import type { Command } from 'commander'
import { SECOND_MS } from '../../functions/domain/durations.ts'
import { labelText } from '../../functions/domain/events/label-text.ts'
import type { ResultRow } from '../../functions/domain/results/result.ts'
import { onInterrupt } from '../../terminal/interrupt.ts'
import { note, print, printJson } from '../../terminal/output.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { counted, padded, printable } from '../../terminal/text-table.ts'
import { awaitedRows } from '../reads/awaited-rows.ts'
import { PSEUDONYM_KEY_OPTION, storedIds } from '../reads/stored-user.ts'
import { followClosed } from '../reads/table-follower.ts'
import { parseCount, parseUser, wholeNumber } from '../target/option-values.ts'
import { openTarget } from '../target/target.ts'
import { type TargetOptions, withTarget } from '../target/target-options.ts'
import { withHelp } from './help.ts'

interface TailOptions extends TargetOptions {
  readonly user?: string
  readonly every: number
  readonly limit?: number
  readonly json?: true
  readonly pseudonymKey?: string
}

const EVERY_SECONDS_MAX = 60

export function defineTail(command: Command, terminal: Terminal): void {
  command
    .option('--user <id>', 'only rows of this user, named as in events', parseUser)
    .option('--every <seconds>', 'the seconds between two reads', wholeNumber(1, EVERY_SECONDS_MAX), 2)
    .option('--limit <number>', 'end after so many rows (default: no limit)', parseCount)
    .option('--json', 'print each row as one line of JSON')
    .option(...PSEUDONYM_KEY_OPTION)
  withHelp(withTarget(command), {
    details: `tail reads the stream of the sessions table for sessions that close, and then reads their rows. One
read costs a request for each shard of that stream, most often 4. At a read every 2 seconds that is 3
to 4 cents a day, and half a read unit for each row.`,
    examples: [
      'search-session-ctr tail',
      'search-session-ctr tail --user ann --local',
      `search-session-ctr tail --json --every 10 | jq -r 'select(.kind == "search") | .query'`,
    ],
  }).action((options) => runTail(options, terminal))
}

async function runTail(options: TailOptions, terminal: Terminal): Promise<void> {
  const { title, clients, outputs } = await openTarget(options, terminal.cwd)
  const users = options.user === undefined ? null : await storedIds(options.user, options.pseudonymKey, clients)
  let isEnding = false
  const interrupt = onInterrupt(terminal, async () => {
    isEnding = true
  })
  const follower = await followClosed(clients.dynamodb, clients.tableStreams, outputs.SessionsTableName)
  note(terminal, `Waiting for results in ${title}. Ctrl-C ends the command.`)
  const awaited = awaitedRows(clients.dynamodb, outputs.ResultsTableName)
  const { limit = Number.POSITIVE_INFINITY } = options
  let printed = 0
  while (printed < limit && !isEnding) {
    for (const closed of await follower.read()) {
      if (users === null || users.includes(closed.user)) awaited.add(closed)
    }
    const rows = await awaited.takeWritten()
    for (const row of rows.slice(0, limit - printed)) {
      if (options.json) printJson(terminal, row)
      else print(terminal, rowText(row))
      printed++
    }
    if (rows.length === 0) await wait(options.every * SECOND_MS)
  }
  interrupt.ignore()
}

export function rowText(row: ResultRow): string {
  return printable(rowLine(row))
}

function rowLine(row: ResultRow): string {
  const time = (row.kind === 'search' ? row.time : row.start).slice(0, 19).replace('T', ' ')
  const head = `${time}  ${row.kind.padEnd(7)}  ${padded(row.user, 16)}`
  if (row.kind === 'session') {
    return `${head}  ${counted(row.searches, 'search', 'searches')}, ${row.searches_with_click} with a click, closed by ${row.close_reason}`
  }
  if (row.kind === 'clicks') {
    return `${head}  no search, ${counted(row.orphan_clicks, 'click')}, closed by ${row.close_reason}`
  }
  const clicks = row.clicked === 0 ? 'no click' : `clicked at ${row.clicked_positions || 'no known position'}`
  const found = row.result_count === null ? 'no list' : counted(row.result_count, 'result')
  const labels = row.labels === undefined ? '' : `, ${labelText(row.labels)}`
  return `${head}  "${row.query}", ${found}, ${clicks}${labels}`
}
