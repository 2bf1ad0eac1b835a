// Implements `produce`, which checks a log of events and sends it to the stream.

import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { FORMATS, type Format } from '../../functions/domain/events/formats/sent-events.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import type { NumberedLine } from '../../local/replay/split-lines.ts'
import { EXIT } from '../../terminal/exit-codes.ts'
import { onInterrupt, wholeTasks } from '../../terminal/interrupt.ts'
import { note, print, printJson } from '../../terminal/output.ts'
import { type Progress, startProgress } from '../../terminal/progress.ts'
import { progressBar } from '../../terminal/progress-bar.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { counted } from '../../terminal/text-table.ts'
import { UsageError, UserError } from '../../terminal/user-error.ts'
import { type CheckedLine, checkLine } from '../produce/checked-lines.ts'
import { type LogFindings, logFindings } from '../produce/log-findings.ts'
import { DEFAULT_RULES, rulesOf } from '../produce/log-rules.ts'
import { goodLines, type LogSource, logSource, sortedSource } from '../produce/log-source.ts'
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
  readonly sort?: true
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
      'the log: JSON objects, one a line or not, arrays of them, or CSV; may be packed; - for standard input',
    )
    .option('--rate <number>', 'send at most so many lines a second (default: no limit)', wholeNumber(1, RATE_MAX))
    .addOption(
      new Option('--format <name>', 'the format of every document; auto recognizes each by its fields')
        .choices(FORMATS)
        .default('auto'),
    )
    .option('--strict', 'stop at the first bad event instead of leaving it out')
    .option('--dry-run', 'only check the events; this needs no pipeline')
    .option('--sort', 'send the events in the order of their times, also of a log that is larger than the memory')
    .option('--again', 'send the file from its beginning, whatever is in the stream already')
    .option('--json', 'print one line of JSON: lines, events, bad, reasons, withoutTime, ignored, ignoredBy, seconds')
  withHelp(withTarget(command), {
    details: `produce checks every event with the code of ingest. It leaves out a bad event and prints its line. It
sends an array whole if one of its events is good, and ingest rejects the others. With --format, it
sends only the good events of an array. Ingest reads documents of OpenSearch UBI and events of
Bytewax's tutorial too; --format ubi or bytewax converts them before they are sent.

Before it sends a file, produce says how many of its events would be too late in this order. --sort
sends them in the order of time. It sorts in files in the folder for temporary files, which need as
much space as the log without its packing.

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
  const path = checkedPath(file, options)
  const progress = startProgress(terminal.stderr)
  const nowMs = Date.now()
  const counts = produceCounts(Boolean(options.strict), (text) => note(terminal, text))
  const work: Work = { options, counts, nowMs, terminal, progress }
  let source = await logSource(path, terminal)
  let findings: LogFindings
  try {
    if (options.sort) {
      progress.show('sorting')
      source = await sortedSource(source)
    }
    findings = options.dryRun ? await checkAll(source, DEFAULT_RULES, work, counts.add) : await send(source, work)
  } finally {
    progress.clear()
    await source.close()
  }
  if (options.dryRun) findings.noteTimes()
  findings.noteIgnored()
  counts.noteFindings()
  const { bad, events, lines } = counts.total()
  if (options.dryRun && lines === 0) note(terminal, emptyText(source))
  if (bad > 0) terminal.exitCode = EXIT.findings
  const seconds = (Date.now() - nowMs) / 1000
  if (options.json) printJson(terminal, { ...counts.total(), ignoredBy: findings.ignored(), seconds })
  else if (options.dryRun) print(terminal, `${counted(events, 'good event')}. Nothing was sent.`)
  if (bad > 0 && events === 0)
    note(terminal, 'No event is good: docs/events.md has the fields of each and explains each reason.')
}

interface Work {
  readonly options: ProduceOptions
  readonly counts: ProduceCounts
  readonly nowMs: number
  readonly terminal: Terminal
  readonly progress: Progress
}

/** Calls `add` with each line of the log and what ingest would find in it. */
async function checkAll(
  source: LogSource,
  rules: Rules,
  work: Work,
  add: (number: number, line: Buffer, checked: CheckedLine) => void = () => {},
): Promise<LogFindings> {
  const findings = findingsOf(rules, work)
  for await (const { number, line } of source.lines()) {
    const checked = checkLine(line, work.nowMs, work.options.format, { minEventTimeMs: rules.minEventTimeMs })
    add(number, line, checked)
    findings.add(number, line, checked)
  }
  return findings
}

function findingsOf(rules: Rules, { nowMs, terminal, progress }: Work): LogFindings {
  return logFindings({
    rules,
    nowMs,
    amendForText: (value) => `deploy with -c amendFor=${value}`,
    note: (text) => {
      progress.clear()
      note(terminal, text)
    },
  })
}

async function send(source: LogSource, work: Work): Promise<LogFindings> {
  const { options, counts, terminal, progress } = work
  const { size } = source
  const target = await openTarget(options, terminal.cwd)
  const rules = await rulesOf(target)
  const log = await sentLog(source, target, options, terminal)
  const skip = log?.skip ?? 0
  // A log that is sorted has no late event, and one that was sent in part was checked before.
  const isCheckedBefore = size !== null && skip === 0 && !source.isSorted
  if (isCheckedBefore) {
    progress.show('checking the order of time')
    ;(await checkAll(source, rules, work)).noteTimes()
  }
  const findings = findingsOf(rules, work)
  const check = ({ number, line }: NumberedLine): CheckedLine => {
    const checked = checkLine(line, Date.now(), options.format, { minEventTimeMs: rules.minEventTimeMs })
    counts.add(number, line, checked)
    findings.add(number, line, checked)
    return checked
  }
  await sendAll(source, target, log, check, work)
  if (size === null) findings.noteTimes()
  return findings
}

async function sendAll(
  source: LogSource,
  target: Target,
  log: SentLog | null,
  check: (line: NumberedLine) => CheckedLine,
  { options, counts, terminal, progress }: Work,
): Promise<void> {
  const { path, size } = source
  const skip = log?.skip ?? 0
  const bar = progressBar(size)
  let handled = skip
  const doneText = (): string =>
    `${counted(handled, 'line')} of ${path} done${log === null ? '' : ': the same command continues there'}.`
  const tasks = wholeTasks()
  const interrupt = onInterrupt(terminal, async () => {
    await tasks.end()
    await source.close()
    note(terminal, doneText())
  })
  try {
    const { lines, takeRead } = goodLines(source, skip, check)
    const stream = { name: target.outputs.StreamName, kinesis: target.clients.kinesis }
    const onSent = (): void => {
      const read = takeRead()
      log?.record(read)
      handled += read.length
      progress.show(bar(source.bytes(), counts.total().events))
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
  source: LogSource,
  { streamId }: Target,
  { again }: ProduceOptions,
  terminal: Terminal,
): Promise<SentLog | null> {
  const { path, size, isSorted } = source
  if (size === null) return null
  const { cwd } = terminal
  // The lines of a sorted log are others than those of the log as it is.
  const name = `${resolve(cwd, path)}${isSorted ? ' in the order of time' : ''}`
  const log = await openSentLog(name, () => bytesOf(source.lines()), cwd, streamId, Boolean(again))
  if (log.isOther)
    note(terminal, `${path} no longer begins with the lines that were sent: sending it from its beginning.`)
  if (log.skip > 0)
    note(
      terminal,
      `${counted(log.skip, 'line')} of ${path} in the stream already: continuing after ${log.skip === 1 ? 'it' : 'them'}.`,
    )
  return log
}

async function* bytesOf(lines: AsyncIterable<NumberedLine>): AsyncGenerator<Buffer> {
  for await (const { line } of lines) yield line
}

function checkedPath(file: string | undefined, { local }: ProduceOptions): string {
  if (file !== undefined) return file
  if (typeof local === 'string')
    throw new UsageError(
      `--local read ${local} as the path of a pipeline: write the file first, as in 'search-ctr produce ${local} --local'`,
    )
  throw new UsageError("a file of events is missing (- for standard input): 'search-ctr produce events.ndjson'")
}
