// Implements `produce`, which checks a log of events and sends it to the stream.

import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { FORMATS, type Format } from '../../functions/domain/events/formats/sent-events.ts'
import { numberedLogLines } from '../../local/replay/log-lines.ts'
import { EXIT } from '../../terminal/exit-codes.ts'
import { onInterrupt, wholeTasks } from '../../terminal/interrupt.ts'
import { note, print, printJson } from '../../terminal/output.ts'
import { type Progress, startProgress } from '../../terminal/progress.ts'
import { progressBar } from '../../terminal/progress-bar.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { counted } from '../../terminal/text-table.ts'
import { UsageError, UserError } from '../../terminal/user-error.ts'
import { checkLine } from '../produce/checked-lines.ts'
import { goodLines, type LogSource, logSource } from '../produce/log-source.ts'
import { type ProduceCounts, produceCounts } from '../produce/produce-counts.ts'
import { sendLines } from '../produce/sending.ts'
import { openSentLog, SENT_FOLDER, type SentLog } from '../produce/sent-log.ts'
import { wholeNumber } from '../target/option-values.ts'
import { openTarget, type Target } from '../target/target.ts'
import { type TargetOptions, withTarget } from '../target/target-options.ts'
import { withHelp } from './help.ts'

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
    .description('check a log of events and send it to the stream')
    .argument(
      '[file]',
      'the log: one JSON object a line, or an array of them; may be packed with gzip; - for standard input',
    )
    .option('--rate <number>', 'send at most so many lines a second (default: no limit)', wholeNumber(1, RATE_MAX))
    .addOption(
      new Option('--format <name>', 'the format of every document; auto recognizes each by its fields')
        .choices(FORMATS)
        .default('auto'),
    )
    .option('--strict', 'stop at the first bad event instead of leaving it out')
    .option('--dry-run', 'only check the events; this needs no pipeline')
    .option('--again', 'send the file from its beginning, whatever is in the stream already')
    .option('--json', 'print one line of JSON: lines, events, bad, reasons, withoutTime, ignored, seconds')
  withHelp(withTarget(command), {
    details: `produce checks every event with the code of ingest. It leaves out a bad event and prints its line. It
sends an array whole if one of its events is good, and ingest rejects the others. With --format, it
sends only the good events of an array. Ingest reads documents of OpenSearch UBI and events of
Bytewax's tutorial too; --format ubi or bytewax converts them before they are sent.

produce remembers in ${SENT_FOLDER} which lines of a file it has sent to a stream. After an
interruption, the same command continues after them, also in a file that has grown. Ctrl-C lets the
running request finish; a second Ctrl-C ends the command at once, and then up to 500 lines may be
sent twice. An event with a time counts once however often it is sent. An event without a time
happens when it arrives, so sent twice it counts twice.`,
    examples: [
      'search-ctr produce events.ndjson',
      'search-ctr produce events.ndjson --dry-run --strict',
      'search-ctr produce events.ndjson --rate 200 --local',
      'search-ctr produce ubi_queries.ndjson --format ubi',
      'search-ctr produce old.ndjson.gz --stack trial',
    ],
    findings: 'bad events were left out',
  }).action((file: string | undefined, options: ProduceOptions) => runProduce(file, options, terminal))
}

async function runProduce(file: string | undefined, options: ProduceOptions, terminal: Terminal): Promise<void> {
  const source = await logSource(checkedPath(file, options), terminal)
  const counts = produceCounts(Boolean(options.strict), (text) => note(terminal, text))
  const progress = startProgress(terminal.stderr)
  const startedMs = Date.now()
  try {
    if (options.dryRun) {
      for await (const { number, line } of numberedLogLines(source.open()))
        counts.add(number, checkLine(line, startedMs, options.format))
    } else await send(source, options, counts, terminal, progress)
  } finally {
    progress.clear()
  }
  counts.noteFindings()
  const { bad, events, lines } = counts.total()
  if (options.dryRun && lines === 0) note(terminal, emptyText(source))
  if (bad > 0) terminal.exitCode = EXIT.findings
  if (options.json) printJson(terminal, { ...counts.total(), seconds: (Date.now() - startedMs) / 1000 })
  else if (options.dryRun) print(terminal, `${counted(events, 'good event')}. Nothing was sent.`)
  if (bad > 0 && events === 0)
    note(terminal, 'No event is good: docs/events.md has the fields of each and explains each reason.')
}

async function send(
  source: LogSource,
  options: ProduceOptions,
  counts: ProduceCounts,
  terminal: Terminal,
  progress: Progress,
): Promise<void> {
  const { path, size } = source
  const target = await openTarget(options, terminal.cwd)
  const log = await sentLog(source, target, options, terminal)
  const skip = log?.skip ?? 0
  const bar = progressBar(size)
  let handled = skip
  const doneText = (): string =>
    `${counted(handled, 'line')} of ${path} done${log === null ? '' : ': the same command continues there'}.`
  const tasks = wholeTasks()
  const interrupt = onInterrupt(terminal, async () => {
    await tasks.end()
    note(terminal, doneText())
  })
  try {
    const { lines, takeRead, bytes } = goodLines(source, skip, counts, options.format)
    const stream = { name: target.outputs.StreamName, kinesis: target.clients.kinesis }
    const onSent = (): void => {
      const read = takeRead()
      log?.record(read)
      handled += read.length
      progress.show(bar(bytes(), counts.total().events))
    }
    const { tooLarge } = await sendLines(lines, stream, { rate: options.rate ?? null, tasks, onSent })
    counts.addTooLarge(tooLarge)
    log?.record(takeRead())
  } catch (error) {
    if (!(error instanceof UserError)) note(terminal, doneText())
    throw error
  } finally {
    interrupt.ignore()
  }
  progress.clear()
  if (options.json) return
  const { events, lines } = counts.total()
  if (lines === 0 && skip === 0) note(terminal, emptyText(source))
  const isNothingNew = events === 0 && skip > 0
  print(
    terminal,
    isNothingNew
      ? `Nothing new in ${path}; --again sends it again.`
      : `${counted(events, 'event')} sent to ${target.title}.`,
  )
}

function emptyText({ path }: LogSource): string {
  return `${path === '-' ? 'Standard input' : path} is empty: it holds no line.`
}

/** Returns null for a log that cannot be read twice. */
async function sentLog(
  { path, size }: LogSource,
  { streamId }: Target,
  { again }: ProduceOptions,
  terminal: Terminal,
): Promise<SentLog | null> {
  if (size === null) return null
  const { cwd } = terminal
  const log = await openSentLog(resolve(cwd, path), cwd, streamId, Boolean(again))
  if (log.isOther)
    note(terminal, `${path} no longer begins with the lines that were sent: sending it from its beginning.`)
  if (log.skip > 0)
    note(
      terminal,
      `${counted(log.skip, 'line')} of ${path} in the stream already: continuing after ${log.skip === 1 ? 'it' : 'them'}.`,
    )
  return log
}

function checkedPath(file: string | undefined, { local }: ProduceOptions): string {
  if (file !== undefined) return file
  if (typeof local === 'string')
    throw new UsageError(
      `--local read ${local} as the path of a pipeline: write the file first, as in 'search-ctr produce ${local} --local'`,
    )
  throw new UsageError("a file of events is missing (- for standard input): 'search-ctr produce events.ndjson'")
}
