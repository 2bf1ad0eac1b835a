// Implements `generate`, which makes up the events of a search engine's users.

import { type Command, InvalidArgumentError } from 'commander'
import { DAY_MS } from '../../functions/domain/durations.ts'
import { parseTime } from '../../functions/domain/events/time.ts'
import { generateLog } from '../../samples/generated-log.ts'
import { EXIT } from '../../terminal/exit-codes.ts'
import { note, print } from '../../terminal/output.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { counted } from '../../terminal/text-table.ts'
import { UsageError } from '../../terminal/user-error.ts'
import { sendLines } from '../produce/sending.ts'
import { parseDay, parseNumber, wholeNumber } from '../target/option-values.ts'
import { openTarget } from '../target/target.ts'
import { type TargetOptions, withTarget } from '../target/target-options.ts'
import { withHelp } from './help.ts'

interface GenerateOptions extends TargetOptions {
  readonly seed: number
  readonly users: number
  readonly searches: number
  readonly days: number
  readonly start: string
  readonly send?: true
  readonly rate?: number
}

/**
 * The command makes all events before it writes the first: the largest log takes some hundred MB.
 */
const USERS_MAX = 20_000
const DAYS_MAX = 400
const SEED_MAX = 2 ** 31 - 1
const SEARCHES_MAX = 20
const RATE_MAX = 100_000

export function defineGenerate(command: Command, terminal: Terminal): void {
  command
    .option('--seed <number>', 'the same seed and numbers give the same events', wholeNumber(1, SEED_MAX), 1)
    .option('--users <number>', 'the number of users', wholeNumber(1, USERS_MAX), 50)
    .option('--searches <number>', 'the average number of searches in a session, above 1', parseSearches, 2)
    .option('--days <number>', 'the number of days', wholeNumber(1, DAYS_MAX), 1)
    .option('--start <day>', 'the first day (UTC)', parseDay, '2026-03-02')
    .option('--send', 'send the events to the stream instead of standard output')
    .option(
      '--rate <number>',
      'with --send, at most so many events a second (default: no limit)',
      wholeNumber(1, RATE_MAX),
    )
  withHelp(withTarget(command), {
    details: 'Without --send, the command needs no pipeline and prints one event a line, as JSON.',
    examples: [
      'search-session-ctr generate --users 200 --days 3 > events.ndjson',
      'search-session-ctr generate --seed 7 | search-session-ctr produce - --local',
      'search-session-ctr generate --send --rate 100 --stack trial',
    ],
    findings: 'with --send, an event was too large for a record',
  }).action((options, called: Command) => {
    checkSending(options, called)
    return runGenerate(options, terminal)
  })
}

/** Refuses options that would do nothing, since the events go to standard output. */
function checkSending({ send }: GenerateOptions, command: Command): void {
  const names = ['rate', 'local', 'stack', 'region', 'profile']
  const typed = names.find((name) => command.getOptionValueSource(name) === 'cli')
  if (!send && typed !== undefined) throw new UsageError(`--${typed} needs --send: without it, events are printed`)
}

async function runGenerate(options: GenerateOptions, terminal: Terminal): Promise<void> {
  const { seed, users, searches, days, start } = options
  const startMs = Date.parse(`${start}T00:00:00Z`)
  // A session that begins on the last day may end on the next.
  if (parseTime(startMs + (days + 1) * DAY_MS) === null)
    throw new UsageError(`--start: ${start} and ${counted(days, 'day')} pass the year 9999`)
  const events = generateLog({ seed, users, days, startMs, searchesPerSession: searches })
  const lines = events.map((event) => JSON.stringify(event))
  if (options.send) await send(lines, options, terminal)
  else await write(lines, terminal)
}

async function write(lines: readonly string[], { stdout }: Terminal): Promise<void> {
  for (const line of lines) {
    const isFull = !stdout.write(`${line}\n`)
    if (isFull) await new Promise((resolve) => stdout.once('drain', resolve))
  }
}

async function send(lines: readonly string[], options: GenerateOptions, terminal: Terminal): Promise<void> {
  const { title, clients, outputs } = await openTarget(options, terminal.cwd)
  const stream = { name: outputs.StreamName, kinesis: clients.kinesis }
  const { events, tooLarge } = await sendLines(
    lines.map((line) => Buffer.from(line)),
    stream,
    { rate: options.rate ?? null, onSent: () => {} },
  )
  print(terminal, `${counted(events, 'event')} sent to ${title}.`)
  if (tooLarge === 0) return
  note(terminal, `${counted(tooLarge, 'event')} not sent: too large for a record.`)
  terminal.exitCode = EXIT.findings
}

function parseSearches(text: string): number {
  const searches = parseNumber(text)
  if (searches > 1 && searches <= SEARCHES_MAX) return searches
  throw new InvalidArgumentError(`Expected a number above 1, up to ${SEARCHES_MAX}.`)
}
