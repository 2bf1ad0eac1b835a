// `drain`: a target in, every session that is open there closed, and how many, out.

import { setTimeout as wait } from 'node:timers/promises'
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda'
import type { Command } from 'commander'
import { DRAINS_MAX, type DrainReport, drainUntilDone } from '../../local/lambda/drain.ts'
import { print, printJson } from '../../terminal/output.ts'
import { startProgress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { counted } from '../../terminal/text-table.ts'
import { UserError } from '../../terminal/user-error.ts'
import { scheduleOpenUsers } from '../reads/open-users.ts'
import { openTarget } from '../target/target.ts'
import { type TargetOptions, withTarget } from '../target/target-options.ts'

interface DrainOptions extends TargetOptions {
  readonly scan?: true
  readonly json?: true
}

/** Finalize is invoked by the table's stream within seconds. What it is later with, the next run of the rollup sums. */
const RESULTS_MS = 5000

export function addDrain(program: Command, terminal: Terminal): void {
  const command = program
    .command('drain')
    .description('close every open session now, without waiting for the gap, and sum up')
    .option('--scan', 'read the whole sessions table for them, after a restore or an upgrade that lost timers')
    .option('--json', 'print one line of JSON')
  withTarget(command)
    .addHelpText(
      'after',
      `
For a replayed log, a test, or before a stack goes. Users who are in the middle of a session get results for its first
part; when they go on, it is opened again and amended. Results and sums are there when it returns, or minutes later.

Examples:
  search-ctr drain --local
  search-ctr drain --stack trial`,
    )
    .action((options) => runDrain(options, terminal))
}

async function runDrain(options: DrainOptions, terminal: Terminal): Promise<void> {
  const { title, clients, outputs } = await openTarget(options, terminal.cwd)
  const progress = startProgress(terminal.stderr)
  try {
    if (options.scan) {
      progress.show('reading the table')
      await scheduleOpenUsers(clients.dynamodb, outputs.SessionsTableName, Date.now())
    }
    const drained = await drain(clients.lambda, outputs.SweepFunctionName, ({ closed }) =>
      progress.show(`${closed} sessions closed`),
    )
    progress.show('waiting for results')
    await wait(RESULTS_MS)
    await drain(clients.lambda, outputs.RollupFunctionName, () => progress.show('summing up'))
    progress.clear()
    if (options.json) printJson(terminal, drained)
    else print(terminal, `${counted(drained.closed, 'session')} closed in ${title}.`)
  } finally {
    progress.clear()
  }
}

export interface Drained {
  readonly closed: number
  readonly users: number
}

interface Reply extends DrainReport {
  readonly usersClosed?: number
  readonly errorMessage?: string
}

export async function drain(
  lambda: LambdaClient,
  drainable: string,
  onProgress: (drained: Drained) => void,
): Promise<Drained> {
  let drained: Drained = { closed: 0, users: 0 }
  const isDone = await drainUntilDone(async (request) => {
    const command = new InvokeCommand({ FunctionName: drainable, Payload: Buffer.from(JSON.stringify(request)) })
    const { FunctionError: failed, Payload: payload } = await lambda.send(command)
    const reply = JSON.parse(Buffer.from(payload ?? []).toString('utf8')) as Reply
    if (failed !== undefined)
      throw new UserError(`${drainable} failed (${reply.errorMessage}): 'search-ctr doctor' looks for the cause.`)
    const { closed = 0, usersClosed = 0 } = reply
    drained = { closed: drained.closed + closed, users: drained.users + usersClosed }
    onProgress(drained)
    return reply
  })
  if (isDone) return drained
  throw new UserError(`Sessions are still open after ${DRAINS_MAX} drains: are events coming all the time?`)
}
