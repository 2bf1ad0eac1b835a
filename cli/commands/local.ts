// Implements `local`, which runs the pipeline on this machine with a log of events.

import { type Command, Option } from 'commander'
import type { LocalRun } from '../../local/run/local-run.ts'
import type { LogRun } from '../../local/run/log-run.ts'
import { DEFAULT_RUNNING_PATH, type RunningPipeline, writeRunningPipeline } from '../../local/run/running-pipeline.ts'
import { onInterrupt } from '../../terminal/interrupt.ts'
import { print } from '../../terminal/output.ts'
import { startProgress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { shellWord } from '../../terminal/text-table.ts'
import { type LogSource, logSource, sortedSource } from '../produce/log-source.ts'
import { collectSetting, parseChaosRate, parsePath, parsePort } from '../target/option-values.ts'
import { connectionText } from './connection-text.ts'
import { withHelp } from './help.ts'
import { checkedPlan, type LocalOptions, needsEmulators, type Plan } from './local-plan.ts'
import { replayLog } from './local-replay.ts'
import { openRun, type WantedRun } from './open-run.ts'

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
  withHelp(command, {
    details: `The command starts emulators, deploys the pipeline to them, sends the log through it and closes all
sessions. It needs --events, --keep or both. It needs no AWS account.

With --memory, or where no emulator of DynamoDB runs, the same steps run in this process. This leaves
out the template, roles and wire formats. --keep, --port, --data and --chaos need the emulators.

Before it sends a file, the command reports how many of its events would be too late in this order.
After the run it shows a line for each reason of a rejected or ignored event, and for each field
whose name is nearly one of ours.`,
    examples: [
      'search-session-ctr local --events events.ndjson',
      'search-session-ctr local --events - --out results < events.ndjson',
      'search-session-ctr local --events history.json.gz --sort',
      'search-session-ctr local --events events.ndjson --setting gap=10m --setting lateness=30s',
      'search-session-ctr local --events events.ndjson --memory',
      'search-session-ctr local --keep --port 4566',
    ],
    findings: 'no event of the log was accepted',
  }).action((options: LocalOptions, { args }: Command) => runLocal(options, args, terminal))
}

async function runLocal(options: LocalOptions, args: readonly string[], terminal: Terminal): Promise<void> {
  const plan = await checkedPlan(options, args, terminal.cwd)
  const progress = startProgress(terminal.stderr)
  progress.show('starting')
  let run: LogRun | undefined
  let removeFile = async (): Promise<void> => {}
  let source: LogSource | undefined
  const stop = async (): Promise<void> => {
    await removeFile()
    await source?.close()
    await run?.stop()
  }
  const interrupt = onInterrupt(terminal, stop)
  try {
    const opened = await openRun(wantedRun(options, plan), { terminal, progress })
    run = opened.run
    if (plan.events !== null) {
      source = await logSource(plan.events, terminal)
      if (options.sort) {
        progress.show('sorting')
        source = await sortedSource(source)
      }
      await replayLog(run, source, { plan, options, terminal, progress })
    }
    progress.clear()
    if (plan.keep !== null && opened.local !== null) {
      removeFile = await writeRunningPipeline(plan.keep, runningPipeline(opened.local))
      print(
        terminal,
        connectionText(opened.local, options.keep === true ? '--local' : `--local ${shellWord(options.keep ?? '')}`),
      )
      await Promise.race([interrupt.wait(), opened.local.refused])
    }
  } finally {
    progress.clear()
    interrupt.ignore()
    await stop()
  }
}

function wantedRun(options: LocalOptions, { data }: Plan): WantedRun {
  const { setting, memory, port, chaos } = options
  const needs = needsEmulators(options)
  return {
    settings: setting,
    memory: memory === true,
    ...(needs !== null && { needsEmulators: needs }),
    ...(port !== undefined && { firstPort: port }),
    ...(data !== null && { dataFolder: data }),
    ...(chaos !== undefined && { chaosRate: chaos }),
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
