// Implements `local`, which runs the pipeline on this machine with a log of events.

import { createReadStream } from 'node:fs'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
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
import { type Progress, startProgress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { UsageError, UserError } from '../../terminal/user-error.ts'
import { collectSetting, parseChaosRate, parsePath, parsePort } from '../target/option-values.ts'
import { connectionText } from './connection-text.ts'
import { withHelp } from './help.ts'
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
  const command = program
    .command('local')
    .description('run the deployed pipeline on this machine with a log of events')
    .option('--events <file>', 'the log: one JSON object a line; - for standard input', parsePath)
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
  withHelp(command, {
    details: `The command starts emulators, deploys the pipeline to them, sends the log through it and closes all
sessions. It needs --events, --keep or both. It needs no AWS account.`,
    examples: [
      'search-ctr local --events events.ndjson',
      'search-ctr local --events - --out results < events.ndjson',
      'search-ctr local --events events.ndjson --setting gap=10m --setting lateness=30s',
      'search-ctr local --keep --port 4566',
    ],
  }).action((options) => runLocal(options, terminal))
}

/** The options with absolute paths, after all checks that need no running pipeline. */
interface Plan {
  readonly events: string | null
  readonly out: { readonly typed: string; readonly path: string } | null
  readonly data: string | null
  readonly keep: string | null
}

async function runLocal(options: LocalOptions, terminal: Terminal): Promise<void> {
  const plan = await checkedPlan(options, terminal.cwd)
  const progress = startProgress(terminal.stderr)
  progress.show('starting')
  let run: LocalRun | undefined
  let removeFile = async (): Promise<void> => {}
  const stop = async (): Promise<void> => {
    await removeFile()
    await run?.stop()
  }
  const interrupt = onInterrupt(terminal, stop)
  try {
    // The emulators take half a second to load, which other commands should not wait for.
    const { startLocalRun } = await import('../../local/run/local-run.ts')
    run = await startLocalRun({
      settings: options.setting,
      firstPort: options.port ?? null,
      dataFolder: plan.data,
      chaosRate: options.chaos ?? 0,
      env: terminal.env,
    })
    if (plan.events !== null) await replay(run, plan.events, plan.out, terminal, progress)
    progress.clear()
    if (plan.keep !== null) {
      removeFile = await writeRunningPipeline(plan.keep, runningPipeline(run))
      print(terminal, connectionText(run, options.keep === true ? '--local' : `--local ${options.keep}`))
      await Promise.race([interrupt.wait(), run.denied])
    }
  } finally {
    progress.clear()
    interrupt.forget()
    await stop()
  }
}

async function checkedPlan(options: LocalOptions, cwd: string): Promise<Plan> {
  const { events, out, data, setting } = options
  const keep = options.keep === true ? DEFAULT_RUNNING_PATH : options.keep
  if (events === undefined && keep === undefined)
    throw new UsageError('--events FILE is missing (- for standard input), or --keep')
  for (const name of Object.keys(setting)) checkSettingName(name)
  checkTogether(readSettings(setting))
  const absolute = (path: string | undefined): string | null => (path === undefined ? null : resolve(cwd, path))
  const plan = {
    events: events === '-' ? '-' : absolute(events),
    out: out === undefined ? null : { typed: out, path: resolve(cwd, out) },
    data: absolute(data),
    keep: absolute(keep),
  }
  if (events !== undefined && plan.events !== null && events !== '-') await checkFile(events, plan.events)
  if (out !== undefined && plan.out !== null) await makeFolder(`--out ${out}`, plan.out.path)
  if (data !== undefined && plan.data !== null) await makeFolder(`--data ${data}`, plan.data)
  if (plan.keep !== null) await checkRunningPath(plan.keep)
  return plan
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

/** @param events the absolute path of the log, which names it however the user typed it; or `-`. */
async function replay(
  run: LocalRun,
  events: string,
  out: Plan['out'],
  terminal: Terminal,
  progress: Progress,
): Promise<void> {
  const input = events === '-' ? terminal.stdin() : createReadStream(events)
  try {
    await run.replay(events, logLines(input), (done, sent) => progress.show(`${done} of ${sent} events through ingest`))
  } finally {
    // An open input keeps the process alive after a failure.
    input.destroy()
  }
  progress.show('closing sessions')
  await run.drain()
  const summary = await run.summary()
  progress.clear()
  if (out === null) {
    print(terminal, summaryText(summary))
    return
  }
  const rows = await run.results()
  await writeFile(join(out.path, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`)
  await writeFile(join(out.path, 'results.ndjson'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  if (!terminal.stdout.isTTY) return
  const [resultsFile, summaryFile] = [join(out.typed, 'results.ndjson'), join(out.typed, 'summary.json')]
  print(terminal, `${rows.length} results in ${resultsFile}, their summary in ${summaryFile}`)
}

async function checkFile(typed: string, path: string): Promise<void> {
  const found = await stat(path).catch(() => null)
  if (found === null) throw new UserError(`--events ${typed}: there is no such file`)
  if (found.isDirectory()) throw new UserError(`--events ${typed}: is a folder, expected a file`)
}

/** @param option the option and its value, for the error message. */
async function makeFolder(option: string, folder: string): Promise<void> {
  try {
    await makeWithParents(folder)
  } catch (error) {
    throw new UserError(`${option}: the folder cannot be created (${(error as NodeJS.ErrnoException).code})`)
  }
}

/** Node's recursive `mkdir` never ends where a parent takes no folders, such as /proc. */
async function makeWithParents(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => null)
  if (found?.isDirectory()) return
  if (folder !== dirname(folder)) await makeWithParents(dirname(folder))
  await mkdir(folder)
}
