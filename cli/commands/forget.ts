// `forget`: a person in; everything of theirs removed from the tables and the dead-letter bucket, and what that was out.

import { createInterface } from 'node:readline/promises'
import { setTimeout } from 'node:timers/promises'
import { DescribeTableCommand, type DynamoDBClient, ResourceNotFoundException } from '@aws-sdk/client-dynamodb'
import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import type { Command } from 'commander'
import { retentionMs, s3DeadLetterStore } from '../../functions/aws/dead-letters/dead-letter-erasure.ts'
import { dynamoDirtyHours } from '../../functions/aws/results-table/dirty-hours.ts'
import { dynamoResultStore } from '../../functions/aws/results-table/result-store.ts'
import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { HOUR_INDEX } from '../../functions/contract.ts'
import { type ForgetPorts, type ForgetReport, type ForgetSettings, forget } from '../../functions/forget/forget.ts'
import { note, print, printJson } from '../../terminal/output.ts'
import { startProgress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { columns } from '../../terminal/text-table.ts'
import { UserError } from '../../terminal/user-error.ts'
import { PSEUDONYM_KEY_OPTION, storedIds } from '../reads/stored-user.ts'
import { parseUser } from '../target/option-values.ts'
import { awsConfig, clientsOf, openTarget, type TargetClients } from '../target/target.ts'
import { type TargetOptions, withTarget } from '../target/target-options.ts'

interface ForgetOptions extends TargetOptions {
  readonly user: string
  readonly sessions?: string
  readonly results?: string
  readonly bucket?: string
  /** The secret that users are stored under a keyed hash with; undefined where they are stored as they are. */
  readonly pseudonymKey?: string
  readonly yes?: true
  readonly json?: true
}

export function addForget(program: Command, terminal: Terminal): void {
  const command = program
    .command('forget')
    .description('remove a person from sessions, results and dead letters')
    .requiredOption('--user <id>', 'as events name it', parseUser)
    .option(...PSEUDONYM_KEY_OPTION)
    .option('--yes', 'do not ask first; a command that is not at a terminal is never asked')
    .option('--json', 'print one line of JSON')
  withTarget(command)
    .optionsGroup('Where, without a stack (all three):')
    .option('--sessions <name>', 'SessionsTableName')
    .option('--results <name>', 'ResultsTableName')
    .option('--bucket <name>', 'DeadLetterBucketName')
    .addHelpText(
      'after',
      `
Takes a minute, and forgets what the person does until it returns. Safe to repeat; if it is interrupted, repeat it.

Examples:
  search-ctr forget --user ann
  search-ctr forget --user ann --local --yes
  search-ctr forget --user ann --sessions "$SESSIONS" --results "$RESULTS" --bucket "$BUCKET"`,
    )
    .action((options) => runForget(options, terminal))
}

/** Where the bucket does not say. */
const KEPT_MS_ASSUMED = 30 * 24 * 60 * 60 * 1000
/** A function may run for a minute: afterwards none is left that read the tables before. */
const FUNCTIONS_MS = 65_000

interface Stores {
  readonly title: string
  readonly sessions: string
  readonly results: string
  readonly bucket: string
  readonly clients: TargetClients
}

export async function runForget(options: ForgetOptions, terminal: Terminal): Promise<void> {
  const { user, pseudonymKey } = options
  const { title, sessions, results, bucket, clients } = await findStores(options, terminal.cwd)
  await checkTable('--sessions', sessions, clients.dynamodb, false)
  await checkTable('--results', results, clients.dynamodb, true)
  await checkBucket(bucket, clients.s3)
  if (!options.yes && !(await isConfirmed(user, title, terminal))) throw new UserError('Nothing was removed.')
  const keptMs = await retentionMs(clients.s3, bucket)
  if (keptMs === null) note(terminal, 'The bucket does not say how long it keeps its objects: 30 days are assumed.')
  const ports = {
    sessions: dynamoSessionStore(clients.dynamodb, sessions),
    results: dynamoResultStore(clients.dynamodb, results),
    dirtyHours: dynamoDirtyHours(clients.dynamodb, results),
    deadLetters: s3DeadLetterStore(clients.s3, bucket),
  }
  const progress = startProgress(terminal.stderr)
  progress.show('removing')
  try {
    const stored = await storedIds(user, pseudonymKey, clients)
    const report = await forgetTwice(
      user,
      stored.map((id) => ({ ...ports, pseudonym: () => id })),
      { deadLetterRetentionMs: keptMs ?? KEPT_MS_ASSUMED },
      Date.now,
      () => {
        progress.show('waiting a minute for functions that were under way')
        return setTimeout(FUNCTIONS_MS)
      },
    )
    progress.clear()
    if (options.json) printJson(terminal, { ...report, until: new Date(report.untilMs).toISOString() })
    else print(terminal, reportText(report, options))
  } finally {
    progress.clear()
  }
}

/** Those that are named; of a target, unless all are. */
async function findStores(options: ForgetOptions, folder: string): Promise<Stores> {
  const { sessions, results, bucket } = options
  if (sessions !== undefined && results !== undefined && bucket !== undefined && options.local === undefined) {
    return { title: 'the named tables', sessions, results, bucket, clients: clientsOf(awsConfig(options)) }
  }
  const { title, outputs, clients } = await openTarget(options, folder)
  return {
    title,
    sessions: sessions ?? outputs.SessionsTableName,
    results: results ?? outputs.ResultsTableName,
    bucket: bucket ?? outputs.DeadLetterBucketName,
    clients,
  }
}

/** Nobody is there to be asked where it is not a terminal. */
async function isConfirmed(user: string, title: string, terminal: Terminal): Promise<boolean> {
  if (!terminal.stdin().isTTY || !terminal.stderr.isTTY) return true
  const asked = createInterface({ input: terminal.stdin(), output: terminal.stderr })
  try {
    const reply = await asked.question(
      `Remove everything of user '${user}' from ${title}? This cannot be undone. [y/N] `,
    )
    return /^y(es)?$/i.test(reply.trim())
  } finally {
    asked.close()
  }
}

/**
 * Once more when every function has ended that was under way the first time: what those still wrote goes too.
 *
 * @param ports one for each way in which users are stored.
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
    ...(reports.at(-1) as ForgetReport),
    sessions: sum((report) => report.sessions),
    rows: sum((report) => report.rows),
    deadLetters: sum((report) => report.deadLetters),
  }
}

function reportText(report: ForgetReport, { pseudonymKey }: ForgetOptions): string {
  const { sessions, rows, deadLetters, unreadable, untilMs } = report
  const hint = pseudonymKey === undefined ? ', and are users stored by pseudonym (--pseudonym-key)?' : '?'
  const until = new Date(untilMs).toISOString().slice(0, 10)
  return [
    columns([
      ['sessions removed', String(sessions)],
      ['result rows removed', String(rows)],
      ['dead letters removed', String(deadLetters)],
      ['dead letters that cannot be read, left', String(unreadable)],
    ]),
    '',
    ...(sessions + rows + deadLetters === 0 ? [`Nothing of this person was found. Is the id right${hint}`] : []),
    `What this person did until now is dropped if it comes again, until ${until}. Only marks with the user id stay till then.`,
  ].join('\n')
}

/** The two tables told apart: rows would not be found among sessions. */
async function checkTable(option: string, table: string, client: DynamoDBClient, isResults: boolean): Promise<void> {
  try {
    const { Table: found } = await client.send(new DescribeTableCommand({ TableName: table }))
    const hasHours = (found?.GlobalSecondaryIndexes ?? []).some(({ IndexName }) => IndexName === HOUR_INDEX.name)
    if (hasHours === isResults) return
  } catch (error) {
    if (error instanceof ResourceNotFoundException) throw new UserError(`${option} ${table}: there is no such table`)
    throw error
  }
  throw new UserError(`${option} ${table}: is not that table; the stack's outputs name both`)
}

async function checkBucket(bucket: string, s3: S3Client): Promise<void> {
  try {
    await s3.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }))
  } catch (error) {
    if ((error as Error).name === 'NoSuchBucket') throw new UserError(`--bucket ${bucket}: there is no such bucket`)
    throw error
  }
}
