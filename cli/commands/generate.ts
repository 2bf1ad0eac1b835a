// `generate`: a seed and sizes in, events of a made-up search engine on standard output or in the stream out.

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
import { parseCountTo, parseDay } from '../target/option-values.ts'
import { openTarget } from '../target/target.ts'
import { type TargetOptions, withTarget } from '../target/target-options.ts'

interface GenerateOptions extends TargetOptions {
  readonly seed: number
  readonly users: number
  readonly searches: number
  readonly days: number
  readonly start: string
  readonly send?: true
  readonly rate?: number
}

/** All events are made before the first is written: these take some hundred MB. */
const USERS_MAX = 20_000
const DAYS_MAX = 400
const SEED_MAX = 2 ** 31 - 1
const SEARCHES_MAX = 20

export function addGenerate(program: Command, terminal: Terminal): void {
  const command = program
    .command('generate')
    .description(
      'made-up traffic, always the same for the same numbers: queries, result lists, clicks, some late or twice',
    )
    .option('--seed <number>', 'another seed, another log', parseCountTo(SEED_MAX), 1)
    .option('--users <number>', 'how many users', parseCountTo(USERS_MAX), 50)
    .option('--searches <number>', 'of a session, on average', parseSearches, 2)
    .option('--days <number>', 'over how many days', parseCountTo(DAYS_MAX), 1)
    .option('--start <day>', 'the first day (UTC)', parseDay, '2026-03-02')
    .option('--send', 'to the stream instead of standard output')
    .option('--rate <number>', 'with --send, events a second (default: as fast as it goes)', parseCountTo(100_000))
  withTarget(command)
    .addHelpText(
      'after',
      `
Examples:
  search-ctr generate --users 200 --days 3 > events.ndjson
  search-ctr generate --seed 7 | search-ctr produce - --local
  search-ctr generate --send --rate 100 --stack trial`,
    )
    .action((options) => runGenerate(options, terminal))
}

async function runGenerate(options: GenerateOptions, terminal: Terminal): Promise<void> {
  const { seed, users, searches, days, start } = options
  const startMs = Date.parse(`${start}T00:00:00Z`)
  // A session that begins on the last day may end on the next.
  if (parseTime(startMs + (days + 1) * DAY_MS) === null)
    throw new UsageError(`--start: ${start} and ${counted(days, 'day')} pass the year 9999`)
  const size = { seed, users, days, startMs, searchesPerSession: searches }
  if (!options.send) {
    for (const event of generateLog(size)) {
      const isFull = !terminal.stdout.write(`${JSON.stringify(event)}\n`)
      if (isFull) await new Promise((resolve) => terminal.stdout.once('drain', resolve))
    }
    return
  }
  const { title, clients, outputs } = await openTarget(options, terminal.cwd)
  const lines = generateLog(size).map((event) => Buffer.from(JSON.stringify(event)))
  const stream = { name: outputs.StreamName, kinesis: clients.kinesis }
  const { events, tooLarge } = await sendLines(lines, stream, { rate: options.rate ?? null, onSent: () => {} })
  print(terminal, `${counted(events, 'event')} sent to ${title}.`)
  if (tooLarge === 0) return
  note(terminal, `${counted(tooLarge, 'event')} not sent: too large for a record.`)
  terminal.exitCode = EXIT.foundTrouble
}

function parseSearches(text: string): number {
  const searches = text.trim() === '' ? Number.NaN : Number(text)
  if (searches > 1 && searches <= SEARCHES_MAX) return searches
  throw new InvalidArgumentError(`Expected a number above 1, up to ${SEARCHES_MAX}.`)
}
