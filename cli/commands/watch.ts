// Implements `watch`, which shows a running local pipeline on a live page.

import type { Command } from 'commander'
import { onInterrupt } from '../../terminal/interrupt.ts'
import { note } from '../../terminal/output.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { isUnreachable } from '../../terminal/unreachable.ts'
import { UsageError, UserError } from '../../terminal/user-error.ts'
import { rulesOfTarget } from '../produce/log-rules.ts'
import { parsePath } from '../target/option-values.ts'
import { openTarget } from '../target/target.ts'
import { withHelp } from './help.ts'
import { type Following, followRun, type LivePage, openLivePage } from './live-page.ts'
import { tablesOf } from './report.ts'

interface WatchOptions {
  /** True without a path. */
  readonly local?: string | true
  readonly open: boolean
}

export function defineWatch(command: Command, terminal: Terminal): void {
  command
    .option(
      '--local [path]',
      "the run that 'search-session-ctr local --keep' started in this folder, or the run at the path",
      parsePath,
    )
    .option('--no-open', 'only print the address of the page')
  withHelp(command, {
    details: `The page shows events as they arrive, open sessions with their timers, sessions that close, and rows and
rates as they are written. Choose a session to see its timeline. Only a browser on this machine can
read the page. Without a desktop, in CI and over SSH no browser opens, and the address is printed.

The command reads all items of a local run. For a stack on AWS, 'search-session-ctr tail' prints the
rows as they are written.`,
    examples: ['search-session-ctr watch --local', 'search-session-ctr watch --local --no-open'],
  }).action((options: WatchOptions) => runWatch(options, terminal))
}

async function runWatch({ local, open }: WatchOptions, terminal: Terminal): Promise<void> {
  if (local === undefined)
    throw new UsageError(
      "watch shows a local run: add --local. For a stack on AWS, 'search-session-ctr tail' prints rows as they are written",
    )
  const target = await openTarget({ stack: '', local }, terminal.cwd)
  let page: LivePage | undefined
  let following: Following | undefined
  const stop = async (): Promise<void> => {
    await following?.stop()
    await page?.stop()
  }
  const interrupt = onInterrupt(terminal, stop)
  try {
    page = await openLivePage({ title: target.title, rules: await rulesOfTarget(target), opens: open }, terminal)
    following = await followRun(target.clients, tablesOf(target), page.model)
    note(terminal, 'Ctrl-C ends the command.')
    await Promise.race([interrupt.wait(), following.ended])
  } catch (error) {
    if (isUnreachable(error as Error)) throw new UserError('The local run has ended.')
    throw error
  } finally {
    interrupt.ignore()
    await stop()
  }
}
