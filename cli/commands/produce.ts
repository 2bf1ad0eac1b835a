// `produce`: a log in; its events checked, sent to the stream at a rate, and gone on with after an interruption, out.

import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { type Command, Option } from 'commander'
import { FORMATS, type Format } from '../../functions/domain/events/formats/sent-events.ts'
import { numberedLogLines } from '../../local/replay/log-lines.ts'
import { EXIT } from '../../terminal/exit-codes.ts'
import { onInterrupt, wholeSteps } from '../../terminal/interrupt.ts'
import { note, print, printJson } from '../../terminal/output.ts'
import { startProgress } from '../../terminal/progress.ts'
import { progressBar } from '../../terminal/progress-bar.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { counted } from '../../terminal/text-table.ts'
import { UsageError, UserError } from '../../terminal/user-error.ts'
import { checkLine } from '../produce/checked-lines.ts'
import { type ProduceCounts, produceCounts } from '../produce/produce-counts.ts'
import { sendLines } from '../produce/sending.ts'
import { openSentLog, SENT_FOLDER, type SentLog } from '../produce/sent-log.ts'
import { parseCountTo } from '../target/option-values.ts'
import { openTarget } from '../target/target.ts'
import { type TargetOptions, withTarget } from '../target/target-options.ts'

interface ProduceOptions extends TargetOptions {
  readonly rate?: number
  readonly format: Format
  readonly strict?: true
  readonly dryRun?: true
  readonly again?: true
  readonly json?: true
}

const RATE_MAX = 100_000

export function addProduce(program: Command, terminal: Terminal): void {
  const command = program
    .command('produce')
    .description('send a log of events to the stream; an interrupted run is gone on with')
    .argument('[file]', 'one JSON object a line, or an array of them; - for standard input')
    .option('--rate <number>', 'at most so many lines a second (default: as fast as it goes)', parseCountTo(RATE_MAX))
    .addOption(
      new Option('--format <name>', 'of the documents: auto takes each for what it looks like')
        .choices(FORMATS)
        .default('auto'),
    )
    .option('--strict', 'stop at the first bad event instead of leaving it out')
    .option('--dry-run', 'only check the events: nothing is sent, and nobody is asked')
    .option('--again', 'send from the beginning what is in the stream already')
    .option('--json', 'print one line of JSON')
  withTarget(command)
    .addHelpText(
      'after',
      `
Every event is checked as ingest would. A bad one is told with its line and left out, and the exit code is 3. (A line that is
an array is sent if one of its events is good; ingest refuses the others. With a --format, only the good ones are.) Documents of OpenSearch UBI and events in the style of
Bytewax's tutorial are sent as they are, since ingest takes them; with --format ubi or bytewax all have to be such, and are converted.

What was sent of a file is remembered in ${SENT_FOLDER}: the same command goes on behind it, in a file that has grown too.
Ctrl-C lets the request under way finish; a second one ends at once. Where a run was killed so, up to 500 lines may be sent twice. Events with a time count once however often they come; those
without happen when they arrive, so they would count twice.

Examples:
  search-ctr produce events.ndjson
  search-ctr produce events.ndjson --dry-run --strict
  search-ctr produce events.ndjson --rate 200 --local
  search-ctr produce ubi_queries.ndjson --format ubi
  zcat old.ndjson.gz | search-ctr produce - --stack trial`,
    )
    .action((file: string | undefined, options: ProduceOptions) => runProduce(file, options, terminal))
}

async function runProduce(file: string | undefined, options: ProduceOptions, terminal: Terminal): Promise<void> {
  const path = checkedPath(file, options)
  const size = path === '-' ? null : await sizeOf(path, terminal.cwd)
  const counts = produceCounts(Boolean(options.strict), (text) => note(terminal, text))
  const progress = startProgress(terminal.stderr)
  const startedMs = Date.now()
  try {
    if (options.dryRun) {
      for await (const line of numberedLogLines(inputOf(path, terminal)))
        counts.add(line.number, checkLine(line.line, startedMs, options.format))
    } else await send(path, size, options, counts, terminal, progress)
  } finally {
    progress.clear()
  }
  counts.tell()
  const { bad, events } = counts.total()
  if (bad > 0) terminal.exitCode = EXIT.foundTrouble
  if (options.json) printJson(terminal, { ...counts.total(), seconds: (Date.now() - startedMs) / 1000 })
  else if (options.dryRun) print(terminal, `${counted(events, 'good event')}. Nothing was sent.`)
}

async function send(
  path: string,
  size: number | null,
  options: ProduceOptions,
  counts: ProduceCounts,
  terminal: Terminal,
  progress: ReturnType<typeof startProgress>,
): Promise<void> {
  const { title, streamId, clients, outputs } = await openTarget(options, terminal.cwd)
  const log =
    size === null
      ? null
      : await openSentLog(resolve(terminal.cwd, path), terminal.cwd, streamId, Boolean(options.again))
  if (log?.isOther) note(terminal, `${path} does not begin with what was sent under its name: from the beginning.`)
  if (log !== null && log.skip > 0)
    note(terminal, `${counted(log.skip, 'line')} of ${path} in the stream already: going on behind.`)
  const show = progressBar(size)
  let handled = log?.skip ?? 0
  const goOn = (): string =>
    `${counted(handled, 'line')} of ${path} done${log === null ? '' : ': the same command goes on there'}.`
  const steps = wholeSteps()
  const interrupt = onInterrupt(terminal, async () => {
    await steps.end()
    note(terminal, `\nInterrupted. ${goOn()}`)
  })
  try {
    const taken = goodLines(() => inputOf(path, terminal), log, counts, options.format)
    const stream = { name: outputs.StreamName, kinesis: clients.kinesis }
    const { tooLarge } = await sendLines(taken.lines, stream, {
      rate: options.rate ?? null,
      steps,
      onSent: async () => {
        const lines = taken.untilNow()
        log?.record(lines)
        handled += lines.length
        progress.show(show(taken.bytes(), counts.total().events))
      },
    })
    counts.addTooLarge(tooLarge)
    log?.record(taken.untilNow())
  } catch (error) {
    if (!(error instanceof UserError)) note(terminal, goOn())
    throw error
  } finally {
    interrupt.forget()
  }
  progress.clear()
  const { events } = counts.total()
  const isDone = events === 0 && (log?.skip ?? 0) > 0
  if (options.json) return
  print(
    terminal,
    isDone ? `Nothing new in ${path}: --again sends it again.` : `${counted(events, 'event')} sent to ${title}.`,
  )
}

interface GoodLines {
  readonly lines: AsyncIterable<Buffer>
  /** All lines that were read, sent or left out, since the last call. */
  untilNow(): Buffer[]
  bytes(): number
}

function goodLines(open: () => Readable, log: SentLog | null, counts: ProduceCounts, format: Format): GoodLines {
  let read: Buffer[] = []
  let bytes = 0
  let skipped = 0
  async function* lines(): AsyncGenerator<Buffer> {
    const input = open()
    try {
      for await (const { number, line } of numberedLogLines(input)) {
        bytes += line.length + 1
        if (skipped < (log?.skip ?? 0)) {
          skipped++
          continue
        }
        const checked = checkLine(line, Date.now(), format)
        counts.add(number, checked)
        const records = checked.sent
        yield* records.slice(0, -1)
        // In the stream when the last of its records is.
        read.push(line)
        yield* records.slice(-1)
      }
    } finally {
      input.destroy()
    }
  }
  return {
    lines: lines(),
    bytes: () => bytes,
    untilNow: () => {
      const until = read
      read = []
      return until
    },
  }
}

function inputOf(path: string, terminal: Terminal): Readable {
  return path === '-' ? terminal.stdin() : createReadStream(resolve(terminal.cwd, path))
}

function checkedPath(file: string | undefined, { local }: ProduceOptions): string {
  if (file !== undefined) return file
  if (typeof local === 'string')
    throw new UsageError(
      `--local took ${local} for where the run is: write the file first, as 'search-ctr produce ${local} --local'`,
    )
  throw new UsageError("a file of events is missing (or - for standard input), as 'search-ctr produce events.ndjson'")
}

/** Null of what is no regular file, as a pipe: it cannot be read again. */
async function sizeOf(path: string, cwd: string): Promise<number | null> {
  const found = await stat(resolve(cwd, path)).catch(() => null)
  if (found === null) throw new UserError(`${path}: there is no such file`)
  if (found.isDirectory()) throw new UserError(`${path}: is a folder, expected a file`)
  return found.isFile() ? found.size : null
}
