// Implements `produce`, which checks a log of events and sends it to the stream.

import { type Command, Option } from 'commander'
import { FORMATS } from '../../functions/domain/events/formats/sent-events.ts'
import { EXIT } from '../../terminal/exit-codes.ts'
import { note, print, printJson } from '../../terminal/output.ts'
import { startProgress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { counted, shellWord } from '../../terminal/text-table.ts'
import { UsageError } from '../../terminal/user-error.ts'
import type { LogFindings } from '../produce/log-findings.ts'
import { DEFAULT_RULES } from '../produce/log-rules.ts'
import { logSource, sortedSource } from '../produce/log-source.ts'
import { produceCounts } from '../produce/produce-counts.ts'
import { checkAll, emptyText, type ProduceOptions, sendLog, type Work } from '../produce/send-log.ts'
import { SENT_FOLDER } from '../produce/sent-log.ts'
import { wholeNumber } from '../target/option-values.ts'
import { withTarget } from '../target/target-options.ts'
import { withHelp } from './help.ts'

const RATE_MAX = 100_000

export function defineProduce(command: Command, terminal: Terminal): void {
  command
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

Before it sends a file, produce reports how many of its events would be too late in this order. --sort
sends them in the order of time. It sorts in files in the folder for temporary files, which need as
much space as the log without its packing.

produce remembers in ${SENT_FOLDER} which lines of a file it has sent to a stream. After an
interruption, the same command continues after them, also in a file that has grown. Ctrl-C lets the
running request finish; a second Ctrl-C ends the command at once, and then up to 500 lines may be
sent twice. An event with a time counts once however often it is sent. An event without a time
happens when it arrives, so sent twice it counts twice.`,
    examples: [
      'search-session-ctr produce events.ndjson',
      'search-session-ctr produce events.ndjson --dry-run --strict',
      'search-session-ctr produce events.ndjson --rate 200 --local',
      'search-session-ctr produce ubi_queries.ndjson --format ubi',
      'search-session-ctr produce old.ndjson.gz --stack trial',
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
    findings = options.dryRun ? await checkAll(source, DEFAULT_RULES, work, counts.add) : await sendLog(source, work)
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

function checkedPath(file: string | undefined, { local }: ProduceOptions): string {
  if (file !== undefined) return file
  if (typeof local === 'string')
    throw new UsageError(
      `--local read ${local} as the path of a pipeline: write the file first, as in 'search-session-ctr produce ${shellWord(local)} --local'`,
    )
  throw new UsageError("a file of events is missing (- for standard input): 'search-session-ctr produce events.ndjson'")
}
