// Checks a log, and sends its good events to the stream of a pipeline.

import { resolve } from 'node:path'
import type { Format } from '../../functions/domain/events/formats/sent-events.ts'
import type { Rules } from '../../functions/domain/sessions/rules.ts'
import type { NumberedLine } from '../../local/replay/split-lines.ts'
import { onInterrupt, wholeTasks } from '../../terminal/interrupt.ts'
import { note, print } from '../../terminal/output.ts'
import type { Progress } from '../../terminal/progress.ts'
import { progressBar } from '../../terminal/progress-bar.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { counted } from '../../terminal/text-table.ts'
import { UserError } from '../../terminal/user-error.ts'
import { openTarget, type Target } from '../target/target.ts'
import type { TargetOptions } from '../target/target-options.ts'
import { type CheckedLine, checkLine } from './checked-lines.ts'
import { type LogFindings, logFindings } from './log-findings.ts'
import { rulesOfTarget } from './log-rules.ts'
import { goodLines, type LogSource, logName } from './log-source.ts'
import type { ProduceCounts } from './produce-counts.ts'
import { sendLines } from './sending.ts'
import { openSentLog, SENT_FOLDER, type SentLog } from './sent-log.ts'

export interface ProduceOptions extends TargetOptions {
  readonly rate?: number
  readonly format: Format
  readonly strict?: true
  readonly dryRun?: true
  readonly sort?: true
  readonly again?: true
  readonly json?: true
}

export interface Work {
  readonly options: ProduceOptions
  readonly counts: ProduceCounts
  readonly nowMs: number
  readonly terminal: Terminal
  readonly progress: Progress
}

/** Calls `add` with each line of the log and what ingest would find in it. */
export async function checkAll(
  source: LogSource,
  rules: Rules,
  work: Work,
  add: (number: number, line: Buffer, checked: CheckedLine) => void = () => {},
): Promise<LogFindings> {
  const findings = findingsOf(rules, work)
  for await (const { number, line } of source.lines()) {
    const checked = checkLine(line, work.nowMs, work.options.format, rules)
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
    terminal,
    progress,
  })
}

export async function sendLog(source: LogSource, work: Work): Promise<LogFindings> {
  const { options, counts, terminal, progress } = work
  const { size } = source
  const target = await openTarget(options, terminal.cwd)
  const rules = await rulesOfTarget(target)
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
    const checked = checkLine(line, Date.now(), options.format, rules)
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
  const isRecorded = (): boolean => log !== null && log.failure() === null
  const doneText = (): string =>
    `${counted(handled, 'line')} of ${path} done${isRecorded() ? ': the same command continues there' : ''}.`
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
    const failure = log?.failure() ?? null
    if (failure !== null)
      note(
        terminal,
        `There is no record of these lines in ${SENT_FOLDER}, which ${failure}: the same command sends them again.`,
      )
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

export function emptyText({ path }: LogSource): string {
  return `${path === '-' ? 'Standard input' : path} is empty: it holds no line.`
}

/** Returns null for a log that cannot be read twice. */
async function sentLog(
  source: LogSource,
  { streamId }: Target,
  { again }: ProduceOptions,
  terminal: Terminal,
): Promise<SentLog | null> {
  const { path, size } = source
  if (size === null) return null
  const { cwd } = terminal
  const log = await openSentLog(
    logName(resolve(cwd, path), source),
    () => bytesOf(source.lines()),
    cwd,
    streamId,
    Boolean(again),
  )
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
