// Implements `local`, which runs the pipeline on this machine with a log of events.

import { type Command, Option } from 'commander'
import type { LocalRun } from '../../local/run/local-run.ts'
import type { LogRun } from '../../local/run/log-run.ts'
import { DEFAULT_RUNNING_PATH, type RunningPipeline, writeRunningPipeline } from '../../local/run/running-pipeline.ts'
import { onInterrupt } from '../../terminal/interrupt.ts'
import { note, print } from '../../terminal/output.ts'
import { type Progress, startProgress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { shellWord } from '../../terminal/text-table.ts'
import { rulesOfSettings } from '../produce/log-rules.ts'
import { type LogSource, logSource, sortedSource } from '../produce/log-source.ts'
import { collectSetting, parseChaosRate, parsePath, parsePort, wholeNumber } from '../target/option-values.ts'
import { connectionText } from './connection-text.ts'
import { withHelp } from './help.ts'
import { type Following, followRun, type LivePage, openLivePage } from './live-page.ts'
import { checkedPlan, type LocalOptions, needsEmulators, type Plan, withKeep } from './local-plan.ts'
import { replayLog } from './local-replay.ts'
import { type OpenedRun, openRun, type WantedRun } from './open-run.ts'

export function defineLocal(command: Command, terminal: Terminal): void {
  command
    .option(
      '--events <file>',
      'the log: JSON objects, one a line or not, arrays of them, or CSV; may be packed; - for standard input',
      parsePath,
    )
    .option('--sort', 'send the events in the order of their times, also of a log that is larger than the memory')
    // checkedPlan shows where a log that is typed as an argument belongs.
    .allowExcessArguments()
    .option('--out <folder>', 'write summary.json and results.ndjson there instead of printing a table', parsePath)
    .addOption(
      new Option('--setting <name=value>', 'a setting of the deployment, such as gap=10m; repeatable')
        .argParser(collectSetting)
        .default({}, "the deployment's defaults"),
    )
    .option(
      '--keep [path]',
      `keep running until Ctrl-C; other commands find the run with --local, by this file (default: ${DEFAULT_RUNNING_PATH})`,
      parsePath,
    )
    .option(
      '--port <number>',
      'the port of Kinesis; DynamoDB, S3 and Lambda use the next three (default: free ports)',
      parsePort,
    )
    .option(
      '--data <folder>',
      'store the stream and the tables there; the next run on this folder continues (default: in memory)',
      parsePath,
    )
    .option(
      '--chaos <rate>',
      'let this share of calls and invocations fail, from 0 to 0.5 (default: 0)',
      parseChaosRate,
    )
    .option('--memory', 'run the steps in this process, without emulators: 100,000 events take seconds')
    .option('--open', 'show the run on a live page in the browser, until Ctrl-C; without --events it implies --keep')
    .option(
      '--speed <times>',
      'with --open: replay the log in memory by its own times, so many times faster than real time (default: at once)',
      wholeNumber(1, SPEED_MAX),
    )
  withHelp(command, {
    details: `The command starts emulators, deploys the pipeline to them, sends the log through it and closes all
sessions. It needs --events, --keep or both. It needs no AWS account.

With --memory, or where no emulator of DynamoDB runs, the same steps run in this process. This leaves
out the template, roles and wire formats. --keep, --port, --data and --chaos need the emulators.

Before it sends a file, the command reports how many of its events would be too late in this order.
--open prints the address of a page that only a browser on this machine can read, and opens it where
there is a desktop. The page stays until Ctrl-C.

After the run it shows a line for each reason of a rejected or ignored event, and for each field
whose name is nearly one of ours.`,
    examples: [
      'search-session-ctr local --events events.ndjson',
      'search-session-ctr local --events - --out results < events.ndjson',
      'search-session-ctr local --events history.json.gz --sort',
      'search-session-ctr local --events events.ndjson --setting gap=10m --setting lateness=30s',
      'search-session-ctr local --events events.ndjson --memory',
      'search-session-ctr local --keep --port 4566',
      'search-session-ctr local --open --events events.ndjson --speed 60',
    ],
    findings: 'no event of the log was accepted',
  }).action((options: LocalOptions, { args }: Command) => runLocal(withKeep(options), args, terminal))
}

/** A day of the log in a second. */
const SPEED_MAX = 86_400

async function runLocal(options: LocalOptions, args: readonly string[], terminal: Terminal): Promise<void> {
  const plan = await checkedPlan(options, args, terminal.cwd)
  const progress = startProgress(terminal.stderr)
  progress.show('starting')
  let run: LogRun | undefined
  let removeFile = async (): Promise<void> => {}
  let source: LogSource | undefined
  let page: LivePage | undefined
  let following: Following | undefined
  const stop = async (): Promise<void> => {
    await removeFile()
    await following?.stop()
    await page?.stop()
    await source?.close()
    await run?.stop()
  }
  const interrupt = onInterrupt(terminal, stop)
  try {
    if (options.open) page = await livePage(options, { terminal, progress })
    const opened = await openRun(wantedRun(options, plan, page), { terminal, progress })
    run = opened.run
    if (page !== undefined) {
      following = await follow(opened, page)
      await page.shown()
    }
    if (plan.events !== null) {
      source = await logSource(plan.events, terminal)
      if (options.sort) {
        progress.show('sorting')
        source = await sortedSource(source)
      }
      await replayLog(run, source, { plan, options, terminal, progress })
      page?.model.setStage('has replayed the log')
    }
    progress.clear()
    if (plan.keep !== null && opened.local !== null) {
      removeFile = await writeRunningPipeline(plan.keep, runningPipeline(opened.local))
      print(
        terminal,
        connectionText(opened.local, options.keep === true ? '--local' : `--local ${shellWord(options.keep ?? '')}`),
      )
    }
    if (plan.keep === null && page !== undefined) note(terminal, 'The page stays until Ctrl-C.')
    if (plan.keep !== null || page !== undefined)
      await Promise.race([interrupt.wait(), ...(opened.local === null ? [] : [opened.local.refused])])
  } finally {
    progress.clear()
    interrupt.ignore()
    await stop()
  }
}

async function livePage(
  { setting }: LocalOptions,
  { terminal, progress }: { readonly terminal: Terminal; readonly progress: Progress },
): Promise<LivePage> {
  progress.clear()
  const page = await openLivePage({ title: 'the local run', rules: rulesOfSettings(setting), opens: true }, terminal)
  page.model.setStage('starts')
  return page
}

/** Returns nothing for a run in memory, which reports to the page by itself. */
async function follow({ local, clock }: OpenedRun, page: LivePage): Promise<Following | undefined> {
  page.model.setStage('takes events')
  if (clock !== undefined) page.setClock(clock)
  if (local === null) return undefined
  const { SessionsTableName: sessions, ResultsTableName: results } = local.outputs
  return followRun(local.clients, { sessions: sessions as string, results: results as string }, page.model)
}

function wantedRun(options: LocalOptions, { data }: Plan, page: LivePage | undefined): WantedRun {
  const { setting, memory, port, chaos, speed } = options
  const needs = needsEmulators(options)
  return {
    settings: setting,
    memory: memory === true,
    ...(needs !== null && { needsEmulators: needs }),
    ...(port !== undefined && { firstPort: port }),
    ...(data !== null && { dataFolder: data }),
    ...(chaos !== undefined && { chaosRate: chaos }),
    ...(page !== undefined && { observer: page.model }),
    ...(page !== undefined && speed !== undefined && { pace: { speed, onStage: page.model.setStage } }),
  }
}

function runningPipeline({ endpoints, outputs, functions }: LocalRun): RunningPipeline {
  const { kinesis, dynamodb, s3, lambda, secrets } = endpoints
  return {
    pid: process.pid,
    startedAt: new Date().toISOString(),
    endpoints: { kinesis, dynamodb, s3, lambda, secrets },
    outputs,
    environments: Object.fromEntries(functions.map(({ name, environment }) => [name, environment])),
  }
}
