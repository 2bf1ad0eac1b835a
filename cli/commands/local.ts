// `local`: a log of events in, the pipeline run on this machine, and its results as files or as a table out.

import { createReadStream } from 'node:fs'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { checkSettingName, checkTogether, readSettings } from '../../infra/settings.ts'
import { logLines } from '../../local/replay/log-lines.ts'
import type { LocalRun } from '../../local/run/local-run.ts'
import {
  checkRunningPath,
  DEFAULT_RUNNING_PATH,
  type RunningPipeline,
  writeRunningPipeline,
} from '../../local/run/running-pipeline.ts'
import { onInterrupt } from '../../terminal/interrupt.ts'
import { print } from '../../terminal/output.ts'
import { startProgress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { UsageError, UserError } from '../../terminal/user-error.ts'
import { collectSetting, parseChaosRate, parsePath, parsePort } from '../target/option-values.ts'
import { connectionText } from './connection-text.ts'
import { summaryText } from './summary-text.ts'

interface LocalOptions {
  readonly events?: string
  readonly out?: string
  readonly setting: Readonly<Record<string, string>>
  /** True without a path. */
  readonly keep?: string | true
  readonly port?: number
  readonly data?: string
  readonly chaos?: number
}

export function addLocal(program: Command, terminal: Terminal): void {
  program
    .command('local')
    .description('run the deployed pipeline on this machine with a log of events')
    .option('--events <file>', 'events to play, one JSON object a line; - for standard input', parsePath)
    .option('--out <folder>', 'write summary.json and results.ndjson there instead of printing a table', parsePath)
    .option('--setting <name=value>', 'a setting of the deployment, repeatable', collectSetting, {})
    .option(
      '--keep [path]',
      `stay up until Ctrl-C for other commands with --local, which learn of it from this file (default: ${DEFAULT_RUNNING_PATH})`,
      parsePath,
    )
    .option(
      '--port <number>',
      'Kinesis listens here, DynamoDB, S3 and Lambda on the next three (default: free ports)',
      parsePort,
    )
    .option(
      '--data <folder>',
      'keep the stream and the tables there; a run on the same folder goes on where one was killed',
      parsePath,
    )
    .option('--chaos <rate>', 'let calls fail and functions die, at this rate from 0 to 0.5', parseChaosRate)
    .addHelpText(
      'after',
      `
Examples:
  search-ctr local --events events.ndjson
  search-ctr local --events - --out results < events.ndjson
  search-ctr local --events events.ndjson --setting gap=10m --setting lateness=30s
  search-ctr local --keep --port 4566`,
    )
    .action((options) => runLocal(options, terminal))
}

async function runLocal(options: LocalOptions, terminal: Terminal): Promise<void> {
  const inFolder = (path: string): string => resolve(terminal.cwd, path)
  const keepPath =
    options.keep === undefined ? null : inFolder(options.keep === true ? DEFAULT_RUNNING_PATH : options.keep)
  if (options.events === undefined && keepPath === null)
    throw new UsageError('--events FILE is missing (or - for standard input)')
  for (const name of Object.keys(options.setting)) checkSettingName(name)
  checkTogether(readSettings(options.setting))
  if (options.events !== undefined) await checkReadable(options.events, terminal.cwd)
  if (options.out !== undefined) await makeFolder('--out', options.out, terminal.cwd)
  if (options.data !== undefined) await makeFolder('--data', options.data, terminal.cwd)
  if (keepPath !== null) await checkRunningPath(keepPath)

  const progress = startProgress(terminal.stderr)
  progress.show('starting')
  let run: LocalRun | undefined
  let forgetRun = async (): Promise<void> => {}
  const interrupt = onInterrupt(terminal, async () => {
    await forgetRun()
    await run?.stop()
  })
  try {
    const { startLocalRun } = await import('../../local/run/local-run.ts')
    run = await startLocalRun({
      settings: options.setting,
      firstPort: options.port ?? null,
      dataFolder: options.data === undefined ? null : inFolder(options.data),
      chaosRate: options.chaos ?? 0,
      env: terminal.env,
    })
    if (options.events !== undefined) await play(run, options.events, options.out, terminal, progress)
    progress.clear()
    if (keepPath !== null) {
      forgetRun = await writeRunningPipeline(keepPath, runningPipeline(run))
      print(terminal, connectionText(run, options.keep === true ? '--local' : `--local ${options.keep}`))
      await Promise.race([interrupt.wait(), run.denied])
    }
  } finally {
    progress.clear()
    interrupt.forget()
    await forgetRun()
    await run?.stop()
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

async function play(
  run: LocalRun,
  events: string,
  out: string | undefined,
  terminal: Terminal,
  progress: ReturnType<typeof startProgress>,
): Promise<void> {
  const input = events === '-' ? terminal.stdin() : createReadStream(resolve(terminal.cwd, events))
  // One log, however its path is written.
  const name = events === '-' ? '-' : resolve(terminal.cwd, events)
  try {
    await run.play(name, logLines(input), (done, sent) => progress.show(`${done} of ${sent} events through ingest`))
  } finally {
    // What is still to come would keep the process alive after a failure.
    input.destroy()
  }
  progress.show('closing sessions')
  await run.drain()
  const summary = await run.summary()
  progress.clear()
  if (out === undefined) {
    print(terminal, summaryText(summary))
    return
  }
  const rows = await run.results()
  await writeFile(resolve(terminal.cwd, out, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`)
  await writeFile(resolve(terminal.cwd, out, 'results.ndjson'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  if (terminal.stdout.isTTY)
    print(
      terminal,
      `${rows.length} results in ${join(out, 'results.ndjson')}, their summary in ${join(out, 'summary.json')}`,
    )
}

async function checkReadable(events: string, cwd: string): Promise<void> {
  if (events === '-') return
  const found = await stat(resolve(cwd, events)).catch(() => null)
  if (found === null) throw new UserError(`--events ${events}: there is no such file`)
  if (found.isDirectory()) throw new UserError(`--events ${events}: is a folder, expected a file`)
}

async function makeFolder(option: string, folder: string, cwd: string): Promise<void> {
  try {
    await makeWithParents(resolve(cwd, folder))
  } catch (error) {
    throw new UserError(`${option} ${folder}: cannot be made a folder (${(error as NodeJS.ErrnoException).code})`)
  }
}

/** Not `recursive`: that never ends where a parent takes no folders, as under /proc. */
async function makeWithParents(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => null)
  if (found?.isDirectory()) return
  if (folder !== dirname(folder)) await makeWithParents(dirname(folder))
  await mkdir(folder)
}
