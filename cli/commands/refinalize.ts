// Implements `refinalize`, which writes the rows of closed sessions again.

import type { Command } from 'commander'
import { finalizeStores } from '../../functions/aws/results-table/result-store.ts'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { type Rollups, readFinalizeEnvironment } from '../../functions/aws/runtime/environment.ts'
import { queryClosedItems } from '../../functions/aws/sessions-table/closed-queries.ts'
import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { refinalizeUser } from '../../functions/finalize/refinalize.ts'
import { note, print, printJson } from '../../terminal/output.ts'
import { startProgress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { columns, counted } from '../../terminal/text-table.ts'
import { UsageError, UserError } from '../../terminal/user-error.ts'
import { tableBytes, usersWithClosed } from '../reads/closed-users.ts'
import { PSEUDONYM_KEY_OPTION, storedIds } from '../reads/stored-user.ts'
import { functionVariables } from '../target/function-environment.ts'
import { parseDay, parseUser } from '../target/option-values.ts'
import { openTarget, type Target } from '../target/target.ts'
import { type TargetOptions, withTarget } from '../target/target-options.ts'
import { isConfirmed } from './confirmation.ts'
import { withHelp } from './help.ts'

interface RefinalizeOptions extends TargetOptions {
  readonly user?: string
  readonly day?: string
  readonly pseudonymKey?: string
  readonly yes?: true
  readonly json?: true
}

const BYTES_OF_READ_UNIT = 4096

export function defineRefinalize(command: Command, terminal: Terminal): void {
  command
    .option('--user <id>', 'the sessions of this user, named as in events', parseUser)
    .option('--day <day>', 'the users with a session of this day (UTC), such as 2026-03-02', parseDay)
    .option(...PSEUDONYM_KEY_OPTION)
    .option('--yes', 'do not ask for confirmation; without a terminal the command never asks')
    .option('--json', 'print one line of JSON: users, sessions, rowsRemoved')
  withHelp(withTarget(command), {
    details: `Finalize loses changes when it is off for more than 24 hours. Closed sessions are stored for amendFor
and 8 days more, so the command can write their rows until then. It is safe to repeat. With --day it
reads the whole sessions table.`,
    examples: ['search-session-ctr refinalize --user ann', 'search-session-ctr refinalize --day 2026-03-02 --yes'],
  }).action((options) => runRefinalize(options, terminal))
}

export async function runRefinalize(options: RefinalizeOptions, terminal: Terminal): Promise<void> {
  if ((options.user === undefined) === (options.day === undefined))
    throw new UsageError('refinalize needs either --user or --day')
  const target = await openTarget(options, terminal.cwd)
  const users = await usersOf(options, target, terminal)
  const progress = startProgress(terminal.stderr)
  const total = { users: 0, sessions: 0, rowsRemoved: 0 }
  try {
    const settings = readFinalizeEnvironment(await functionVariables(target.outputs.FinalizeFunctionName, target))
    const ports = refinalizePorts(target, settings.rollups)
    for (const user of users) {
      const { sessions, rowsRemoved } = await refinalizeUser(user, ports, settings, Date.now())
      total.users++
      total.sessions += sessions
      total.rowsRemoved += rowsRemoved
      progress.show(`${counted(total.users, 'user')} done`)
    }
  } finally {
    progress.clear()
  }
  if (options.json) printJson(terminal, total)
  else
    print(
      terminal,
      columns([
        ['users', String(total.users)],
        ['sessions finalized', String(total.sessions)],
        ['rows removed', String(total.rowsRemoved)],
      ]),
    )
}

function refinalizePorts({ clients: { dynamodb }, outputs }: Target, rollups: Rollups) {
  return {
    sessions: dynamoSessionStore(dynamodb, outputs.SessionsTableName),
    closedItems: (user: string) => queryClosedItems(dynamodb, outputs.SessionsTableName, user),
    ...finalizeStores(dynamodb, outputs.ResultsTableName, rollups === 'on'),
    digest: sha256,
    hasTime: () => true,
  }
}

async function usersOf(
  { user, day, pseudonymKey, yes }: RefinalizeOptions,
  { title, clients, outputs }: Target,
  terminal: Terminal,
): Promise<Iterable<string>> {
  if (user !== undefined) return storedIds(user, pseudonymKey, clients)
  const table = outputs.SessionsTableName
  const bytes = await tableBytes(clients.dynamodb, table)
  const units = Math.ceil(bytes / BYTES_OF_READ_UNIT)
  note(terminal, `This reads the whole table ${table} of ${title}: about ${units} read units.`)
  if (!yes && !(await isConfirmed('Go on?', terminal))) throw new UserError('Nothing was written.')
  return usersWithClosed(clients.dynamodb, table, day ?? '')
}
