// Implements `forget`, which removes a person from the tables and the dead letters.

import { setTimeout } from 'node:timers/promises'
import type { Command } from 'commander'
import { retentionMs, s3DeadLetterStore } from '../../functions/aws/dead-letters/dead-letter-erasure.ts'
import { dynamoDirtyHours } from '../../functions/aws/results-table/dirty-hours.ts'
import { dynamoResultStore } from '../../functions/aws/results-table/result-store.ts'
import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { DAY_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import { lastOf, nonEmpty } from '../../functions/domain/non-empty.ts'
import { type ForgetPorts, type ForgetReport, type ForgetSettings, forget } from '../../functions/forget/forget.ts'
import { note, print, printJson } from '../../terminal/output.ts'
import { startProgress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { columns } from '../../terminal/text-table.ts'
import { UserError } from '../../terminal/user-error.ts'
import { PSEUDONYM_KEY_OPTION } from '../reads/stored-user.ts'
import { parseUser } from '../target/option-values.ts'
import { withTarget } from '../target/target-options.ts'
import { isConfirmed } from './confirmation.ts'
import { type ForgetStoresOptions, findForgetStores, idsToForget } from './forget-stores.ts'
import { withHelp } from './help.ts'

interface ForgetOptions extends ForgetStoresOptions {
  readonly user: string
  /** The ARN of a secret with a key; undefined to use that of ingest. */
  readonly pseudonymKey?: string
  readonly yes?: true
  readonly json?: true
}

export function defineForget(command: Command, terminal: Terminal): void {
  command
    .requiredOption('--user <id>', 'the user, named as in events', parseUser)
    .option(...PSEUDONYM_KEY_OPTION)
    .option('--yes', 'do not ask for confirmation; without a terminal the command never asks')
    .option('--json', 'print one line of JSON: sessions, rows, deadLetters, unreadable, untilMs, until')
  withTarget(command)
    .optionsGroup('Without a stack (give all four):')
    .option('--sessions <name>', 'the sessions table')
    .option('--results <name>', 'the results table')
    .option('--bucket <name>', 'the dead-letter bucket')
    .option('--ingest <name>', 'the ingest function')
  withHelp(command, {
    details: `The command takes a minute, and also forgets what the person does in that minute. It is safe to repeat;
repeat it after an interruption.`,
    examples: [
      'search-session-ctr forget --user ann',
      'search-session-ctr forget --user ann --local --yes',
      'search-session-ctr forget --user ann --sessions "$SESSIONS" --results "$RESULTS" --bucket "$BUCKET" --ingest "$INGEST"',
    ],
  }).action((options) => runForget(options, terminal))
}

/** Assumed where the bucket has no rule of its own. */
const RETENTION_MS = 30 * DAY_MS
/**
 * Ingest, the sweeper and finalize run for a minute at most. After this time, none of them is left
 * that read the tables before. A rollup may run longer, but it writes no rows of users, and a later
 * one sums the dirty hours again.
 */
const FUNCTIONS_MS = 65 * SECOND_MS

export async function runForget(options: ForgetOptions, terminal: Terminal): Promise<void> {
  const { user, pseudonymKey } = options
  const { title, sessions, results, bucket, clients, environment } = await findForgetStores(options, terminal.cwd)
  const question = `Remove everything of user '${user}' from ${title}? This cannot be undone.`
  if (!options.yes && !(await isConfirmed(question, terminal))) throw new UserError('Nothing was removed.')
  const bucketRetentionMs = await retentionMs(clients.s3, bucket)
  if (bucketRetentionMs === null)
    note(terminal, 'The bucket has no rule for how long it stores objects: assuming 30 days.')
  const ports = {
    sessions: dynamoSessionStore(clients.dynamodb, sessions),
    results: dynamoResultStore(clients.dynamodb, results),
    dirtyHours: dynamoDirtyHours(clients.dynamodb, results),
    deadLetters: s3DeadLetterStore(clients.s3, bucket),
  }
  const progress = startProgress(terminal.stderr)
  progress.show('removing')
  try {
    const ids = await idsToForget(user, pseudonymKey, environment, clients, ports)
    const report = await forgetTwice(
      user,
      ids.map((id) => ({ ...ports, pseudonym: () => id })),
      { rules: environment.rules, deadLetterRetentionMs: bucketRetentionMs ?? RETENTION_MS },
      Date.now,
      () => {
        progress.show('waiting a minute for functions that still run')
        return setTimeout(FUNCTIONS_MS)
      },
    )
    progress.clear()
    if (options.json) printJson(terminal, { ...report, until: new Date(report.untilMs).toISOString() })
    else print(terminal, reportText(report))
  } finally {
    progress.clear()
  }
}

/**
 * Forgets the user, waits until every function that was running has ended, and forgets what those
 * functions still wrote.
 *
 * @param ports one set for each id under which the tables may store the user.
 */
export async function forgetTwice(
  user: string,
  ports: readonly ForgetPorts[],
  settings: ForgetSettings,
  now: () => number,
  untilFunctionsEnded: () => Promise<unknown>,
): Promise<ForgetReport> {
  const reports: ForgetReport[] = []
  for (const each of ports) reports.push(await forget(user, each, settings, now()))
  await untilFunctionsEnded()
  for (const each of ports) reports.push(await forget(user, each, settings, now()))
  const sum = (count: (report: ForgetReport) => number): number =>
    reports.reduce((total, report) => total + count(report), 0)
  return {
    ...lastOf(nonEmpty(reports)),
    sessions: sum((report) => report.sessions),
    rows: sum((report) => report.rows),
    deadLetters: sum((report) => report.deadLetters),
  }
}

function reportText(report: ForgetReport): string {
  const { sessions, rows, deadLetters, unreadable, untilMs } = report
  const until = new Date(untilMs).toISOString().slice(0, 10)
  return [
    columns([
      ['sessions removed', String(sessions)],
      ['result rows removed', String(rows)],
      ['dead letters removed', String(deadLetters)],
      ['unreadable dead letters, not removed', String(unreadable)],
    ]),
    '',
    ...(sessions + rows + deadLetters === 0 ? [`No data of this person was found. Is the id right?`] : []),
    `Events from before now are dropped if they are sent again, until ${until}. Until then only the user's state and tombstones hold the user id, timers until they fire, and row tombstones for a day or two.`,
  ].join('\n')
}
