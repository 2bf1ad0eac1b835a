// Implements `generate`, which makes up the events of a search engine's users.

import { type Command, InvalidArgumentError, Option } from 'commander'
import { DAY_MS } from '../../functions/domain/durations.ts'
import { parseTime } from '../../functions/domain/events/time.ts'
import { generateLog, type LogSize } from '../../samples/generated-log.ts'
import { generateUbiLog } from '../../samples/generated-ubi-log.ts'
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
  readonly format: 'events' | 'ubi'
  readonly ordinalsFrom: '0' | '1'
  readonly labels?: true
  readonly lift: number
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
const LIFT_PERCENT_MAX = 100

export function defineGenerate(command: Command, terminal: Terminal): void {
  command
    .option('--seed <number>', 'the same seed and numbers give the same events', wholeNumber(1, SEED_MAX), 1)
    .option('--users <number>', 'the number of users', wholeNumber(1, USERS_MAX), 50)
    .option('--searches <number>', 'the average number of searches in a session, above 1', parseSearches, 2)
    .option('--days <number>', 'the number of days', wholeNumber(1, DAYS_MAX), 1)
    .option('--start <day>', 'the first day (UTC)', parseDay, '2026-03-02')
    .addOption(
      new Option('--format <name>', 'events of ours, or documents of OpenSearch UBI 1.3')
        .choices(['events', 'ubi'])
        .default('events'),
    )
    .addOption(
      new Option('--ordinals-from <number>', 'with --format ubi, the ordinal of the first result')
        .choices(['0', '1'])
        .default('1'),
    )
    .option('--labels', 'give searches the labels application, and variant by user')
    .option(
      '--lift <percent>',
      'with --labels, how much more often users of variant B click',
      wholeNumber(0, LIFT_PERCENT_MAX),
      0,
    )
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
      'search-session-ctr generate --format ubi > ubi.ndjson',
      'search-session-ctr generate --users 2000 --labels --lift 10 > variants.ndjson',
      'search-session-ctr generate --send --rate 100 --stack trial',
    ],
    findings: 'with --send, an event was too large for a record',
  }).action((options, called: Command) => {
    checkNeeds(options, called)
    return runGenerate(options, terminal)
  })
}

/** Refuses options that would do nothing. */
function checkNeeds({ send, format, labels }: GenerateOptions, command: Command): void {
  const isTyped = (name: string): boolean => command.getOptionValueSource(name) === 'cli'
  const typed = ['rate', 'local', 'stack', 'region', 'profile'].find(isTyped)
  if (!send && typed !== undefined) throw new UsageError(`--${typed} needs --send: without it, events are printed`)
  if (format !== 'ubi' && isTyped('ordinalsFrom'))
    throw new UsageError('--ordinals-from needs --format ubi: our own events have positions, from 1')
  if (format === 'ubi' && labels) throw new UsageError('--labels needs --format events: UBI has no field for a variant')
  if (!labels && isTyped('lift')) throw new UsageError('--lift needs --labels: without it, users have no variant')
}

async function runGenerate(options: GenerateOptions, terminal: Terminal): Promise<void> {
  const { seed, users, searches, days, start, labels, lift } = options
  const startMs = Date.parse(`${start}T00:00:00Z`)
  // A session that begins on the last day may end on the next.
  if (parseTime(startMs + (days + 1) * DAY_MS) === null)
    throw new UsageError(`--start: ${start} and ${counted(days, 'day')} pass the year 9999`)
  const size = { seed, users, days, startMs, searchesPerSession: searches }
  const lines = linesOf(labels ? { ...size, labels: { liftOfB: 1 + lift / 100 } } : size, options)
  if (options.send) await send(lines, options, terminal)
  else await write(lines, terminal)
}

function* linesOf(size: LogSize, { format, ordinalsFrom }: GenerateOptions): Generator<string> {
  const sent = format === 'ubi' ? generateUbiLog(size, ordinalsFrom === '0' ? 0 : 1) : generateLog(size)
  for (const one of sent) yield JSON.stringify(one)
}

async function write(lines: Iterable<string>, { stdout }: Terminal): Promise<void> {
  for (const line of lines) {
    const isFull = !stdout.write(`${line}\n`)
    if (isFull) await new Promise((resolve) => stdout.once('drain', resolve))
  }
}

async function send(lines: Iterable<string>, options: GenerateOptions, terminal: Terminal): Promise<void> {
  const { title, clients, outputs } = await openTarget(options, terminal.cwd)
  const stream = { name: outputs.StreamName, kinesis: clients.kinesis }
  const { events, tooLarge } = await sendLines(buffersOf(lines), stream, {
    rate: options.rate ?? null,
    onSent: () => {},
  })
  const sent = options.format === 'ubi' ? 'document' : 'event'
  print(terminal, `${counted(events, sent)} sent to ${title}.`)
  if (tooLarge === 0) return
  note(terminal, `${counted(tooLarge, sent)} not sent: too large for a record.`)
  terminal.exitCode = EXIT.findings
}

function* buffersOf(lines: Iterable<string>): Generator<Buffer> {
  for (const line of lines) yield Buffer.from(line)
}

function parseSearches(text: string): number {
  const searches = parseNumber(text)
  if (searches > 1 && searches <= SEARCHES_MAX) return searches
  throw new InvalidArgumentError(`Expected a number above 1, up to ${SEARCHES_MAX}.`)
}
