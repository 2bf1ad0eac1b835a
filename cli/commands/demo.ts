// Implements `demo`, which runs the events of Bytewax's tutorial and a generated log, writes a
// report, and offers a live page.

import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { DAY_MS, HOUR_MS } from '../../functions/domain/durations.ts'
import type { SearchRow, SessionRow } from '../../functions/domain/results/result.ts'
import { dayAt } from '../../functions/domain/results/rollup.ts'
import type { LogRun } from '../../local/run/log-run.ts'
import { summarizeSearches } from '../../local/run/summary.ts'
import { renderReport } from '../../report/render-report.ts'
import { type ReportPorts, readReport, SESSIONS_DEFAULT } from '../../report/report-data.ts'
import { generateLog } from '../../samples/generated-log.ts'
import {
  FIRST_GENERATION,
  LATER_GENERATION,
  LATER_GENERATION_SETTINGS,
  type SentEvent,
} from '../../samples/tutorial-events.ts'
import { onInterrupt } from '../../terminal/interrupt.ts'
import { note, print } from '../../terminal/output.ts'
import { type Progress, startProgress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { bars, columns, counted, percent } from '../../terminal/text-table.ts'
import { fileErrorText } from '../../terminal/user-error.ts'
import { rulesOfSettings } from '../produce/log-rules.ts'
import { isWanted } from './confirmation.ts'
import { withHelp } from './help.ts'
import { type LivePage, openLivePage } from './live-page.ts'
import { type OpenedRun, openRun, type WantedRun } from './open-run.ts'
import { summaryText } from './summary-text.ts'

interface Screen {
  readonly terminal: Terminal
  readonly progress: Progress
}

const REPORT_FILE = 'report.html'
const GENERATED = { seed: 1, users: 400, days: 5, startMs: Date.parse('2026-03-02T00:00:00Z') }

export function defineDemo(command: Command, terminal: Terminal): void {
  command.option('--memory', 'run the steps in this process, without emulators')
  withHelp(command, {
    details: `The demo takes about half a minute and runs on this machine only. It needs no AWS account and no files, and
writes ${REPORT_FILE} to this folder. With --memory, or where no emulator of DynamoDB runs, it takes
seconds. On a terminal it then offers to replay the generated log on a live page in the browser.`,
    examples: ['search-session-ctr demo', 'search-session-ctr demo --memory'],
  }).action((options: { readonly memory?: true }) => runDemo(options.memory === true, terminal))
}

async function runDemo(memory: boolean, terminal: Terminal): Promise<void> {
  const progress = startProgress(terminal.stderr)
  const screen = { terminal, progress }
  progress.show('starting the pipeline')
  const first = await onRun({ settings: LATER_GENERATION_SETTINGS, memory }, screen, async ({ run }) => {
    await replayAll(run, [...FIRST_GENERATION, ...LATER_GENERATION])
    const rows = await run.results()
    progress.clear()
    const inYear = <T extends { readonly day: string }>(found: readonly T[], year: string): T[] =>
      found.filter((row) => row.day.startsWith(year))
    const searches = rows.filter((row) => row.kind === 'search')
    const sessions = rows.filter((row) => row.kind === 'session')
    print(terminal, firstGenerationText(inYear(searches, '2023'), inYear(sessions, '2023')))
    print(terminal, laterGenerationText(inYear(sessions, '2024')))
  })
  progress.show('replaying a generated log')
  // The first run has reported why it is in memory.
  await onRun({ settings: {}, memory: first.local === null }, screen, async ({ run, reportReads }) => {
    await replayAll(run, generateLog(GENERATED))
    const searches = (await run.results()).filter((row) => row.kind === 'search')
    const summary = await run.summary()
    progress.clear()
    print(terminal, `3. A generated log: ${GENERATED.users} users, ${GENERATED.days} days, some events late or twice\n`)
    print(terminal, indent(summaryText(summary)))
    print(terminal, `\n   click-through rate by hour (UTC)\n${indent(hourBars(searches))}`)
    await writeReport(reportReads, terminal)
  })
  await offerPage(screen)
}

/** The page begins on the last evening, when there is most to see. */
const LIVE = { speed: 60, liveFromMs: GENERATED.startMs + (GENERATED.days - 1) * DAY_MS + 17 * HOUR_MS }

/** Asks a person at a terminal, and does nothing in CI or without a terminal. */
async function offerPage(screen: Screen): Promise<void> {
  const { terminal } = screen
  const question = '\n   Watch this log on a live page in the browser, a minute of it each second?'
  if (terminal.env.CI || !terminal.stdout.isTTY || !(await isWanted(question, terminal))) return
  let page: LivePage | undefined
  let opened: OpenedRun | undefined
  const stop = async (): Promise<void> => {
    await page?.stop()
    await opened?.run.stop()
  }
  const interrupt = onInterrupt(terminal, stop)
  try {
    page = await openLivePage({ title: 'the demo', rules: rulesOfSettings({}), opens: true }, terminal)
    const { model } = page
    const pace = { ...LIVE, onStage: model.setStage }
    opened = await openRun({ settings: {}, memory: true, observer: model, pace, countsUnits: false }, screen)
    if (opened.clock !== undefined) page.setClock(opened.clock)
    note(terminal, 'Ctrl-C ends the demo.')
    await replayAll(opened.run, generateLog(GENERATED))
    await interrupt.wait()
  } finally {
    interrupt.ignore()
    await stop()
  }
}

async function writeReport(reads: ReportPorts, terminal: Terminal): Promise<void> {
  const { startMs, days } = GENERATED
  const data = await readReport(reads, {
    pipeline: 'demo',
    range: { from: dayAt(startMs), to: dayAt(startMs + (days - 1) * DAY_MS) },
    madeAtMs: Date.now(),
    hideUsers: false,
    segment: null,
    sessionsMax: SESSIONS_DEFAULT,
    settings: [],
  })
  const path = resolve(terminal.cwd, REPORT_FILE)
  try {
    await writeFile(path, renderReport(data))
    print(terminal, `\n   A report to explore in a browser: ${path}`)
  } catch (error) {
    note(terminal, `There is no report to explore in a browser: ${path} ${fileErrorText(error, path)}.`)
  }
}

async function onRun(wanted: WantedRun, screen: Screen, use: (opened: OpenedRun) => Promise<void>): Promise<OpenedRun> {
  let opened: OpenedRun | undefined
  const interrupt = onInterrupt(screen.terminal, async () => opened?.run.stop())
  try {
    opened = await openRun(wanted, screen)
    await use(opened)
    return opened
  } finally {
    interrupt.ignore()
    await opened?.run.stop()
  }
}

async function replayAll(run: LogRun, events: readonly SentEvent[]): Promise<void> {
  await run.replay('demo', toLines(events), () => {})
  await run.drain()
}

async function* toLines(events: readonly SentEvent[]): AsyncGenerator<Buffer> {
  for (const event of events) yield Buffer.from(JSON.stringify(event))
}

function firstGenerationText(searches: readonly SearchRow[], sessions: readonly SessionRow[]): string {
  const { searchesWithClick, searches: count, ctr } = summarizeSearches(searches)
  const perSearch = searches.map((row) => [`user ${row.user}`, row.query, `${row.clicked}`])
  const perSession = sessions.map((row) => [
    `user ${row.user}`,
    `ctr ${row.ctr}`,
    `clicks per search ${row.clicks_per_search}`,
    `closed by ${row.close_reason}`,
  ])
  return `1. Bytewax's tutorial, first generation: did the search get a click?

${indent(columns(perSearch))}

   CTR ${searchesWithClick}/${count} = ${percent(ctr)}

${indent(columns(perSession))}
`
}

function laterGenerationText(sessions: readonly SessionRow[]): string {
  const lines = sessions.map(
    (row) =>
      `User ${row.user}: ${row.searches} searches, ${row.clicks} clicks  ->  ${row.clicks_per_search.toFixed(1)} a search`,
  )
  return `2. Bytewax's tutorial, later generation: sessions by a gap of 10 s

${indent(lines.join('\n'))}
`
}

function hourBars(searches: readonly SearchRow[]): string {
  const hours = Array.from({ length: 24 }, (_, hour) => hour)
  return bars(
    hours.map((hour) => {
      const { ctr, searches: count } = summarizeSearches(searches.filter((row) => row.hour === hour))
      return { label: `${String(hour).padStart(2, '0')}:00`, share: ctr, note: counted(count, 'search', 'searches') }
    }),
  )
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '   ')
}
