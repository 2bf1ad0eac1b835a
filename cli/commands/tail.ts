// `tail`: a target in, its result rows as they are written, until Ctrl-C, out.

import { setTimeout as wait } from 'node:timers/promises'
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Command } from 'commander'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { type ClosedSession, type ResultRow, rowTime } from '../../functions/domain/results/result.ts'
import { toRows } from '../../functions/domain/results/result-rows.ts'
import { onInterrupt } from '../../terminal/interrupt.ts'
import { note, print, printJson } from '../../terminal/output.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { counted, printable } from '../../terminal/text-table.ts'
import { followClosed } from '../reads/closed-follower.ts'
import { type RowKey, rowsByKey } from '../reads/rows-by-key.ts'
import { PSEUDONYM_KEY_OPTION, storedIds } from '../reads/stored-user.ts'
import { parseCount, parseCountTo, parseUser } from '../target/option-values.ts'
import { openTarget } from '../target/target.ts'
import { type TargetOptions, withTarget } from '../target/target-options.ts'

interface TailOptions extends TargetOptions {
  readonly user?: string
  readonly every: number
  readonly limit?: number
  readonly json?: true
  readonly pseudonymKey?: string
}

const EVERY_SECONDS_MAX = 60

export function addTail(program: Command, terminal: Terminal): void {
  const command = program
    .command('tail')
    .description('result rows as they are written, until Ctrl-C')
    .option('--user <id>', 'only of this user', parseUser)
    .option('--every <seconds>', 'how often to look', parseCountTo(EVERY_SECONDS_MAX), 2)
    .option('--limit <number>', 'end after so many', parseCount)
    .option('--json', 'one JSON object a line')
    .option(...PSEUDONYM_KEY_OPTION)
  withTarget(command)
    .addHelpText(
      'after',
      `
It reads the stream of the sessions table, which tells what closes, and then the rows of that. A look costs a request
for each of the stream's shards (most often 4): every 2 seconds 3 to 4 cents a day, and half a read unit for each row.

Examples:
  search-ctr tail
  search-ctr tail --user ann --local
  search-ctr tail --json --every 10 | jq -r 'select(.kind == "search") | .query'`,
    )
    .action((options) => runTail(options, terminal))
}

/** Of one look. */
const KEYS_AT_ONCE = 100
/** A row that is not there by now belongs to a session that was opened again before its turn. */
const AWAITED_MS_MAX = 10 * 60 * 1000
const AWAITED_MAX = 10_000

interface Awaited extends RowKey {
  readonly version: number
  readonly sinceMs: number
}

async function runTail(options: TailOptions, terminal: Terminal): Promise<void> {
  const { title, clients, outputs } = await openTarget(options, terminal.cwd)
  const users = options.user === undefined ? null : await storedIds(options.user, options.pseudonymKey, clients)
  const interrupt = onInterrupt(terminal, async () => {})
  const follower = await followClosed(clients.dynamodb, clients.tableStreams, outputs.SessionsTableName)
  note(terminal, `Waiting for results in ${title}. Ctrl-C ends.`)
  const awaited = new Map<string, Awaited>()
  let printed = 0
  while (printed < (options.limit ?? Number.POSITIVE_INFINITY)) {
    for (const closed of await follower.read()) {
      if (users === null || users.includes(closed.user)) awaitRows(closed, awaited)
    }
    const rows = await takeWritten(clients.dynamodb, outputs.ResultsTableName, awaited)
    for (const row of rows.slice(0, (options.limit ?? Number.POSITIVE_INFINITY) - printed)) {
      if (options.json) printJson(terminal, row)
      else print(terminal, rowText(row))
      printed++
    }
    if (rows.length === 0) await wait(options.every * 1000)
  }
  interrupt.forget()
}

function awaitRows(closed: ClosedSession, awaited: Map<string, Awaited>): void {
  for (const { pk, sk, version } of toRows(closed, sha256)) {
    awaited.set(`${pk} ${sk}`, { pk, sk, version, sinceMs: Date.now() })
    const [oldest] = awaited.keys()
    if (awaited.size > AWAITED_MAX && oldest !== undefined) awaited.delete(oldest)
  }
}

/** In the order of their own times. */
async function takeWritten(
  client: DynamoDBDocumentClient,
  table: string,
  awaited: Map<string, Awaited>,
): Promise<ResultRow[]> {
  const asked = [...awaited.entries()].slice(0, KEYS_AT_ONCE)
  if (asked.length === 0) return []
  const found = await rowsByKey(
    client,
    table,
    asked.map(([, key]) => key),
  )
  const rows = found.filter(({ pk, sk, version }) => version >= (awaited.get(`${pk} ${sk}`)?.version ?? 0))
  for (const { pk, sk } of rows) awaited.delete(`${pk} ${sk}`)
  // To the end, so that those after them have their turn.
  for (const [key, one] of asked) {
    if (!awaited.delete(key) || Date.now() - one.sinceMs > AWAITED_MS_MAX) continue
    awaited.set(key, one)
  }
  return rows.sort((a, b) => rowTime(a) - rowTime(b))
}

export function rowText(row: ResultRow): string {
  return printable(rowLine(row))
}

function rowLine(row: ResultRow): string {
  const time = (row.kind === 'search' ? row.time : row.start).slice(0, 19).replace('T', ' ')
  const head = `${time}  ${row.kind.padEnd(7)}  ${row.user.padEnd(16)}`
  if (row.kind === 'session') {
    return `${head}  ${counted(row.searches, 'search', 'searches')}, ${row.searches_with_click} with a click, closed by ${row.close_reason}`
  }
  const clicks = row.clicked === 0 ? 'no click' : `clicked at ${row.clicked_positions || 'no known position'}`
  return `${head}  "${row.query}", ${row.result_count === null ? 'no list' : counted(row.result_count, 'result')}, ${clicks}`
}
