// Implements `cost`, which computes what a month of a log's events costs at a rate.

import { type Command, InvalidArgumentError, Option } from 'commander'
import { checkSettingName, checkTogether, readSettings, rulesOf } from '../../infra/read-settings.ts'
import { type Comparison, compareChoices } from '../../local/cost/choices.ts'
import { checkHeap } from '../../local/memory/heap-room.ts'
import { EXIT } from '../../terminal/exit-codes.ts'
import { note, print, printJson } from '../../terminal/output.ts'
import { startProgress } from '../../terminal/progress.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { counted, shellWord } from '../../terminal/text-table.ts'
import { UsageError } from '../../terminal/user-error.ts'
import { changedSettings, costText } from '../cost/cost-text.ts'
import { type LoggedRecords, READ_MAX, readLoggedRecords } from '../cost/logged-records.ts'
import { logSource } from '../produce/log-source.ts'
import { collectSetting, parseNumber } from '../target/option-values.ts'
import { withHelp } from './help.ts'

interface CostOptions {
  readonly rate?: number
  readonly setting: Readonly<Record<string, string>>
  readonly json?: true
}

const MIB = 1024 * 1024
const RATE_MIN = 0.01
/** The ceilings of docs/performance.md are about so high. */
const RATE_MAX = 20_000

export function defineCost(command: Command, terminal: Terminal): void {
  command
    .argument(
      '[file]',
      'the log: JSON objects, one a line or not, arrays of them, or CSV; may be packed; - for standard input',
    )
    .option('--rate <number>', `the events a second of a whole month, from ${RATE_MIN} to ${RATE_MAX}`, parseRate)
    .addOption(
      new Option('--setting <name=value>', 'a setting of the deployment, such as batchWindow=30s; repeatable')
        .argParser(collectSetting)
        .default({}, "the deployment's defaults"),
    )
    .option('--json', 'print one line of JSON: the log, units, dollars, and each choice of settings')
  withHelp(command, {
    details: `The command replays the log through the real steps on tables in memory, which count the units that
DynamoDB would bill. It needs no AWS account. Each user's events keep their order and the times between them.
Other users send the rest of the rate: they open batches, fill pages of timers and share sweeps, and
each of their events costs what an event of the log costs.

It does this for several windows, numbers of shards and kinds of billing, and lists them, the cheapest
first. It reads up to ${READ_MAX.events} events, ${READ_MAX.lines} lines or ${READ_MAX.bytes / MIB} MiB. docs/performance.md has the model and the sources of the prices.`,
    examples: [
      'search-session-ctr cost events.ndjson --rate 50',
      'search-session-ctr generate --users 500 | search-session-ctr cost - --rate 50 --setting batchWindow=30s',
    ],
    findings: 'no event of the log is good',
  }).action((file: string | undefined, options: CostOptions) => runCost(file, options, terminal))
}

async function runCost(file: string | undefined, options: CostOptions, terminal: Terminal): Promise<void> {
  const { rate, setting, json } = options
  if (file === undefined)
    throw new UsageError("a log is missing (- for standard input): 'search-session-ctr cost events.ndjson --rate 50'")
  if (rate === undefined) throw new UsageError('--rate is missing: the events a second, such as --rate 50')
  for (const name of Object.keys(setting)) checkSettingName(name)
  const settings = readSettings(setting)
  checkTogether(settings)
  const progress = startProgress(terminal.stderr)
  const source = await logSource(file, terminal)
  let log: LoggedRecords
  let comparison: Comparison
  try {
    progress.show('reading the log')
    log = await readLoggedRecords(source, rulesOf(settings), Date.now())
    if (log.users === 0) {
      progress.clear()
      noteNothing(file, log, terminal)
      return
    }
    comparison = await compareChoices(log.records, rate, settings, (done, of) => {
      checkHeap(undefined, undefined, 'pass a shorter log')
      progress.show(`replaying the log, ${Math.floor((100 * done) / of)} %`)
    })
  } finally {
    progress.clear()
    await source.close()
  }
  if (log.records.every(({ timeMs }) => timeMs === null))
    note(terminal, 'No event of the log has a time, so each record arrives a millisecond after the one before.')
  if (log.isPart)
    note(terminal, `The log is long, so cost replays its first ${counted(log.records.length, 'line')} only.`)
  noteRejected(file, comparison, log, terminal)
  if (json) printJson(terminal, costJson(comparison, log, rate))
  else print(terminal, [logText(file, comparison, log, rate), costText(comparison, rate)].join('\n'))
}

function noteNothing(file: string, { events, records, isPart }: LoggedRecords, terminal: Terminal): void {
  terminal.exitCode = EXIT.findings
  if (events === 0 && isPart)
    note(terminal, `The first ${counted(records.length, 'line')} of the log hold no event, and cost reads no more.`)
  else if (events === 0) note(terminal, `${file === '-' ? 'Standard input' : file} is empty: it holds no event.`)
  else
    note(
      terminal,
      `None of ${counted(events, 'event')} is good. 'search-session-ctr produce ${shellWord(file)} --dry-run' names each bad line.`,
    )
}

/** A log of which ingest rejects the most seems cheap. */
function noteRejected(file: string, { month }: Comparison, { events }: LoggedRecords, terminal: Terminal): void {
  const { rejected } = month.replayed.counted
  if (rejected === 0) return
  note(
    terminal,
    `Ingest rejects ${rejected} of ${counted(events, 'event')}, which cost little: ` +
      `'search-session-ctr produce ${shellWord(file)} --dry-run' names each bad line.`,
  )
}

function logText(file: string, { month }: Comparison, { events, users }: LoggedRecords, rate: number): string {
  const log = `${counted(events, 'event')} of ${counted(users, 'user')}`
  const monthly = Math.round(month.events).toLocaleString('en-US')
  return `${file === '-' ? 'Standard input' : file}: ${log}, replayed as at ${rate} events a second (${monthly} a month).`
}

function costJson({ month, own, choices, flink }: Comparison, log: LoggedRecords, rate: number): object {
  const { counted: replay } = month.replayed
  return {
    log: {
      events: log.events,
      users: log.users,
      accepted: replay.accepted,
      writeUnits: total(replay.write),
      readUnits: total(replay.read),
      writeUnitsBy: replay.write,
      readUnitsBy: replay.read,
    },
    rate,
    month: {
      events: Math.round(month.events),
      eventsAUserAndBatch: rounded(month.userRecords / month.userBatches),
      waitSeconds: month.waitMs / 1000,
      writeUnitsBy: each(month.write, Math.round),
      readUnitsBy: each(month.read, Math.round),
      invocationsBy: each(month.invocations, Math.round),
      dollars: each(own.dollars, rounded),
      flinkDollars: each(flink, rounded),
    },
    choices: choices.map(({ settings, waitMs, dollars }) => ({
      settings: changedSettings(settings, own.settings),
      waitSeconds: waitMs / 1000,
      dollars: rounded(dollars.total),
    })),
  }
}

function total(units: Readonly<Record<string, number>>): number {
  return Object.values(units).reduce((sum, count) => sum + count, 0)
}

function each(numbers: object, change: (value: number) => number): Record<string, number> {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, change(value)]))
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}

function parseRate(text: string): number {
  const rate = parseNumber(text)
  if (rate >= RATE_MIN && rate <= RATE_MAX) return rate
  throw new InvalidArgumentError(`Expected a number from ${RATE_MIN} to ${RATE_MAX}.`)
}
