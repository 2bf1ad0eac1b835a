// Implements `drain`, which closes every open session now and sums up its results.

import { setTimeout as wait } from 'node:timers/promises'
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda'
import type { Command } from 'commander'
import { type DrainReport, drainUntilDone } from '../../local/lambda/drain.ts'
import { note, print, printJson } from '../../terminal/output.ts'
import { startProgress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { counted } from '../../terminal/text-table.ts'
import { UserError } from '../../terminal/user-error.ts'
import { scheduleOpenUsers } from '../reads/open-users.ts'
import { openTarget } from '../target/target.ts'
import { type TargetOptions, withTarget } from '../target/target-options.ts'
import { withHelp } from './help.ts'

interface DrainOptions extends TargetOptions {
  readonly scan?: true
  readonly json?: true
}

/**
 * The table's stream invokes finalize within seconds. The next rollup sums results that come later.
 */
const RESULTS_MS = 5000
const RUNBOOK = 'docs/operations.md, ItemsUnreadable, has the steps.'

export function defineDrain(command: Command, terminal: Terminal): void {
  command
    .option('--scan', 'first find open sessions without a timer, for example after a restore; reads the whole table')
    .option('--json', 'print one line of JSON: closed, users, unreadable')
  withHelp(withTarget(command), {
    details: `Drain a pipeline after a replayed log, in a test, or before you delete the stack. A user who is in the
middle of a session gets results for its first part; the next event opens that session again and
amends the results. Results and sums are there when the command returns, or minutes later.`,
    examples: ['search-session-ctr drain --local', 'search-session-ctr drain --stack trial'],
  }).action((options) => runDrain(options, terminal))
}

async function runDrain(options: DrainOptions, terminal: Terminal): Promise<void> {
  const { title, clients, outputs } = await openTarget(options, terminal.cwd)
  const progress = startProgress(terminal.stderr)
  try {
    if (options.scan) {
      progress.show('reading the sessions table')
      await scheduleOpenUsers(clients.dynamodb, outputs.SessionsTableName, Date.now())
    }
    const drained = await drain(clients.lambda, outputs.SweepFunctionName, ({ closed }) =>
      progress.show(`${counted(closed, 'session')} closed`),
    )
    progress.show('waiting for results')
    await wait(RESULTS_MS)
    if (outputs.RollupFunctionName !== undefined) {
      progress.show('summing up')
      await drain(clients.lambda, outputs.RollupFunctionName, () => progress.show('summing up'))
    }
    progress.clear()
    if (options.json) printJson(terminal, drained)
    else print(terminal, `${counted(drained.closed, 'session')} closed in ${title}.`)
    if (drained.unreadable > 0) note(terminal, `${counted(drained.unreadable, 'item')} cannot be read: ${RUNBOOK}`)
  } finally {
    progress.clear()
  }
}

export interface Drained {
  readonly closed: number
  readonly users: number
  /** Users and pages of timers that the last invocation could not read. */
  readonly unreadable: number
}

interface Reply extends DrainReport {
  readonly usersClosed?: number
  readonly errorMessage?: string
  readonly unreadable?: { readonly count: number } | null
}

/** Invokes the function, sweep or rollup, until it has nothing left to do. */
export async function drain(
  lambda: LambdaClient,
  functionName: string,
  onProgress: (drained: Drained) => void,
): Promise<Drained> {
  let drained: Drained = { closed: 0, users: 0, unreadable: 0 }
  const invoke = async (request: object): Promise<DrainReport> => {
    const command = new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(request)) })
    const { FunctionError: failed, Payload: payload } = await lambda.send(command)
    const reply = JSON.parse(Buffer.from(payload ?? []).toString('utf8')) as Reply
    if (failed !== undefined)
      throw new UserError(
        `${functionName} failed (${reply.errorMessage}): 'search-session-ctr doctor' finds the cause.`,
      )
    const { closed = 0, usersClosed = 0, unreadable } = reply
    const totals = { closed: drained.closed + closed, users: drained.users + usersClosed }
    drained = { ...totals, unreadable: unreadable?.count ?? 0 }
    onProgress(drained)
    return reply
  }
  // The first failure ends the command: an operator sees the cause at once and can run it again.
  await drainUntilDone(functionName, invoke, { failuresMax: 1, onFailure: () => {} })
  return drained
}
