// Replays a log through a local run, and reports its summary and what is odd about the log.

import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogRun } from '../../local/run/log-run.ts'
import type { Summary } from '../../local/run/summary.ts'
import { EXIT } from '../../terminal/exit-codes.ts'
import { note, print } from '../../terminal/output.ts'
import type { Progress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { counted, shellWord } from '../../terminal/text-table.ts'
import { checkLine } from '../produce/checked-lines.ts'
import { type LogFindings, logFindings } from '../produce/log-findings.ts'
import { rulesOfSettings } from '../produce/log-rules.ts'
import { type LogSource, logName } from '../produce/log-source.ts'
import type { LocalOptions, Plan } from './local-plan.ts'
import { summaryText } from './summary-text.ts'

export interface LocalWork {
  readonly plan: Plan
  readonly options: LocalOptions
  readonly terminal: Terminal
  readonly progress: Progress
}

/** Checks a file before it is sent, and standard input while it is sent. */
export async function replayLog(run: LogRun, source: LogSource, work: LocalWork): Promise<void> {
  const { plan, options, terminal, progress } = work
  const findings = findingsOf(work)
  const isCheckedBefore = source.size !== null && !source.isSorted
  if (isCheckedBefore) {
    progress.show('checking the order of time')
    for await (const _ of checkedLines(source, work, findings));
    findings.noteTimes()
  }
  const name = logName(plan.events ?? '', source)
  const lines = checkedLines(source, work, isCheckedBefore ? null : findings)
  await run.replay(name, lines, (done, sent) => progress.show(`${done} of ${sent} events through ingest`))
  await run.drain((text) => progress.show(text))
  const summary = await run.summary()
  progress.clear()
  if (plan.out === null) print(terminal, summaryText(summary, findings.ignored()))
  else await writeResults(run, summary, plan.out, terminal)
  if (!isCheckedBefore) findings.noteTimes()
  findings.noteRejected()
  findings.noteIgnored()
  noteOutcome(summary, Object.keys(findings.ignored()).length > 0, options.events ?? '', terminal)
}

function findingsOf({ options, terminal, progress }: LocalWork): LogFindings {
  return logFindings({
    rules: rulesOfSettings(options.setting),
    nowMs: Date.now(),
    amendForText: (value) => `--setting amendFor=${value}`,
    terminal,
    progress,
  })
}

/** Yields the lines of a log, and adds each to the findings. */
async function* checkedLines(
  source: LogSource,
  { options }: LocalWork,
  findings: LogFindings | null,
): AsyncGenerator<Buffer> {
  const rules = rulesOfSettings(options.setting)
  for await (const { number, line } of source.lines()) {
    findings?.add(number, line, checkLine(line, Date.now(), 'auto', rules))
    yield line
  }
}

async function writeResults(
  run: LogRun,
  summary: Summary,
  out: NonNullable<Plan['out']>,
  terminal: Terminal,
): Promise<void> {
  const rows = await run.results()
  const replaced = [SUMMARY_FILE, RESULTS_FILE].filter((name) => existsSync(join(out.path, name)))
  if (replaced.length > 0) note(terminal, `Replacing ${replaced.map((name) => join(out.typed, name)).join(' and ')}.`)
  await writeFile(join(out.path, SUMMARY_FILE), `${JSON.stringify(summary, null, 2)}\n`)
  await writeFile(join(out.path, RESULTS_FILE), rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  if (terminal.stdout.isTTY) {
    const [resultsFile, summaryFile] = [join(out.typed, RESULTS_FILE), join(out.typed, SUMMARY_FILE)]
    print(terminal, `${rows.length} results in ${resultsFile}, their summary in ${summaryFile}`)
  }
}

const SUMMARY_FILE = 'summary.json'
const RESULTS_FILE = 'results.ndjson'

/**
 * Names the reason if nothing was accepted, which a script would take for a quiet day.
 *
 * @param log as the user typed it.
 */
function noteOutcome({ eventsIn, accepted }: Summary, hasIgnored: boolean, log: string, terminal: Terminal): void {
  if (accepted > 0) return
  terminal.exitCode = EXIT.findings
  const name = log === '-' ? 'Standard input' : log
  if (eventsIn > 0)
    note(
      terminal,
      `Ingest accepted none of ${counted(eventsIn, 'event')}. 'search-session-ctr produce ${shellWord(log)} --dry-run' names each bad line, ` +
        'and docs/events.md has the fields of each event.',
    )
  else if (hasIgnored)
    note(terminal, `${name} holds no event: all of its documents are ignored, and docs/events.md has what is read.`)
  else note(terminal, `${name} is empty: it holds no event.`)
}
