// `local`: a log of events in, the pipeline run on this machine, and its results as files or as a table out.

import { createReadStream } from 'node:fs'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { checkSettingName, readSettings } from '../infra/settings.ts'
import { type LocalRun, startLocalRun } from '../local/local-run.ts'
import { logLines } from '../local/log-lines.ts'
import { UserError } from '../local/user-error.ts'
import { onInterrupt, untilInterrupted } from './interrupt.ts'
import { startProgress } from './progress.ts'
import { summaryText } from './summary-text.ts'

export interface LocalOptions {
  readonly events?: string
  readonly out?: string
  readonly setting: Readonly<Record<string, string>>
  readonly keep?: true
  readonly port?: number
  readonly data?: string
  readonly chaos?: number
}

export async function runLocal(options: LocalOptions): Promise<void> {
  if (options.events === undefined && !options.keep)
    throw new UserError('--events FILE is missing (or - for standard input)')
  for (const name of Object.keys(options.setting)) checkSettingName(name)
  readSettings(options.setting)
  if (options.events !== undefined) await checkReadable(options.events)
  if (options.out !== undefined) await makeFolder('--out', options.out)
  if (options.data !== undefined) await makeFolder('--data', options.data)

  const progress = startProgress()
  progress.show('starting')
  let run: LocalRun | undefined
  const interrupt = onInterrupt(async () => run?.stop())
  try {
    run = await startLocalRun({
      settings: options.setting,
      firstPort: options.port ?? null,
      dataFolder: options.data === undefined ? null : resolve(options.data),
      chaosRate: options.chaos ?? 0,
      env: process.env,
    })
    if (options.events !== undefined) await play(run, options.events, options.out, progress)
    progress.clear()
    if (options.keep) {
      console.log(reachText(run))
      await Promise.race([untilInterrupted(), run.denied])
    }
  } finally {
    progress.clear()
    interrupt.forget()
    await run?.stop()
  }
}

async function play(
  run: LocalRun,
  events: string,
  out: string | undefined,
  progress: ReturnType<typeof startProgress>,
): Promise<void> {
  const input = events === '-' ? process.stdin : createReadStream(events)
  // One log, however its path is written.
  const name = events === '-' ? '-' : resolve(events)
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
    console.log(summaryText(summary))
    return
  }
  const rows = await run.results()
  await writeFile(join(out, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`)
  await writeFile(join(out, 'results.ndjson'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  if (process.stdout.isTTY)
    console.log(
      `${rows.length} results in ${join(out, 'results.ndjson')}, their summary in ${join(out, 'summary.json')}`,
    )
}

async function checkReadable(events: string): Promise<void> {
  if (events === '-') return
  const found = await stat(events).catch(() => null)
  if (found === null) throw new UserError(`--events ${events}: there is no such file`)
  if (found.isDirectory()) throw new UserError(`--events ${events}: is a folder, expected a file`)
}

async function makeFolder(option: string, folder: string): Promise<void> {
  try {
    await makeWithParents(resolve(folder))
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

function reachText({ endpoints, outputs }: LocalRun): string {
  return `
The pipeline is up until Ctrl-C. Reach it with the AWS CLI:

  export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_REGION=us-east-1

  # send an event
  aws kinesis put-record --endpoint-url ${endpoints.kinesis} --stream-name ${outputs.StreamName} \\
    --partition-key 1 --cli-binary-format raw-in-base64-out \\
    --data '{"type":"Search","user":1,"query":"dogs"}'

  # read the results of user 1
  aws dynamodb query --endpoint-url ${endpoints.dynamodb} --table-name ${outputs.ResultsTableName} \\
    --key-condition-expression 'pk = :user' --expression-attribute-values '{":user":{"S":"user#1"}}'

  # list what was refused
  aws s3 ls --endpoint-url ${endpoints.s3} --recursive s3://${outputs.DeadLetterBucketName}/

Open and closed sessions are in ${outputs.SessionsTableName}.`
}
