// Implements `dead-letters`, which lists what was rejected or given up, shows it whole, and sends
// it again.

import { type Command, Option } from 'commander'
import { moreText, note, type Paint, paintFor, print, printJson } from '../../terminal/output.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { columns, printable, shortened } from '../../terminal/text-table.ts'
import { UsageError } from '../../terminal/user-error.ts'
import {
  DEAD_LETTER_REASONS,
  prefixesOf,
  type ShownDeadLetter,
  storedDeadLetters,
} from '../dead-letters/stored-dead-letters.ts'
import { parseCount, parseDay } from '../target/option-values.ts'
import { openTarget } from '../target/target.ts'
import { type TargetOptions, withTarget } from '../target/target-options.ts'
import { withHelp } from './help.ts'
import { defineRedrive, REDRIVE_FINDINGS } from './redrive.ts'

interface DeadLettersOptions extends TargetOptions {
  readonly reason?: string
  readonly day?: string
  readonly prefix?: string
  readonly limit?: number
  readonly json?: true
}

const LISTED_MAX = 100
const SHOWN_MAX = 20
/** Columns of the terminal for the beginning of an event. */
const TEXT_WIDTH_MAX = 70

export function defineDeadLetters(parent: Command, terminal: Terminal): void {
  parent.helpCommand(false)
  withHelp(parent, {
    examples: [
      'search-session-ctr dead-letters list --day 2026-11-21',
      'search-session-ctr dead-letters list --reason missing-field --local',
      'search-session-ctr dead-letters show --reason too-late --limit 1',
      'search-session-ctr dead-letters redrive --day 2026-11-21',
    ],
    findings: `with redrive, ${REDRIVE_FINDINGS}`,
  })
  addList(parent, terminal)
  addShow(parent, terminal)
  defineRedrive(parent.command('redrive'), terminal)
}

function addList(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('list')
    .description('print a line for each dead letter: its arrival, its reason, and the beginning of what was sent')
  withHelp(withFilter(command), {
    details: `Two reasons are not those of ingest: 'given-up' for a record of a batch that Lambda gave up, and
'unreadable' for an object that holds no dead letter.`,
    examples: [
      'search-session-ctr dead-letters list',
      'search-session-ctr dead-letters list --day 2026-11-21 --reason missing-field',
      'search-session-ctr dead-letters list --json | jq -r .reason | sort | uniq -c',
    ],
  }).action((options) => listDeadLetters(options, terminal))
}

function addShow(parent: Command, terminal: Terminal): void {
  const command = parent
    .command('show')
    .argument('[key]', 'the key of an object in the bucket, or the beginning of one')
    .description('print dead letters whole: the reason, the position in the stream, and what was sent')
  withHelp(withFilter(command), {
    examples: [
      'search-session-ctr dead-letters show --limit 1',
      'search-session-ctr dead-letters show rejected/2026-11-21/ --reason not-json',
      'search-session-ctr dead-letters show aws/lambda/ --local',
    ],
  }).action((key: string | undefined, options: DeadLettersOptions) => showDeadLetters(key, options, terminal))
}

function withFilter(command: Command): Command {
  command
    .addOption(
      new Option(
        '--reason <reason>',
        "only dead letters with this reason; 'unreadable' for objects that hold none",
      ).choices(DEAD_LETTER_REASONS),
    )
    .option('--day <day>', 'only records that arrived on this day (UTC), such as 2026-11-21', parseDay)
    .option('--prefix <text>', 'only objects whose keys begin so, such as rejected/2026-11-21/ or aws/lambda/')
    .option(
      '--limit <number>',
      `print at most so many (default: list ${LISTED_MAX}, show ${SHOWN_MAX}, with --json all)`,
      parseCount,
    )
    .option('--json', 'print each dead letter as one line of JSON')
  return withTarget(command)
}

async function listDeadLetters(options: DeadLettersOptions, terminal: Terminal): Promise<void> {
  const { found, hasMore, title } = await find(terminal, options, options.prefix, LISTED_MAX)
  if (options.json) return
  const paint = paintFor(terminal)
  const lines = columns(found.map(listCells)).split('\n')
  let key = ''
  for (const [index, deadLetter] of found.entries()) {
    if (deadLetter.key !== key) print(terminal, paint('dim', printable(deadLetter.key)))
    key = deadLetter.key
    print(terminal, lines[index] ?? '')
  }
  noteCounts(terminal, found, hasMore, title)
}

async function showDeadLetters(
  key: string | undefined,
  options: DeadLettersOptions,
  terminal: Terminal,
): Promise<void> {
  if (key !== undefined && options.prefix !== undefined)
    throw new UsageError(`show takes the key ${key} or --prefix ${options.prefix}, not both`)
  const { found, hasMore, title } = await find(terminal, options, key ?? options.prefix, SHOWN_MAX)
  if (options.json) return
  const paint = paintFor(terminal)
  if (found.length > 0) print(terminal, found.map((deadLetter) => deadLetterText(deadLetter, paint)).join('\n\n'))
  noteCounts(terminal, found, hasMore, title)
}

/** Returns the dead letters that the options select; with `--json` it prints them instead. */
async function find(terminal: Terminal, options: DeadLettersOptions, prefix: string | undefined, limit: number) {
  const { title, clients, outputs } = await openTarget(options, terminal.cwd)
  const { reason = null, day = null, json } = options
  const filter = { prefixes: prefixesOf(prefix, options.day), reason, day }
  const max = options.limit ?? (json ? Number.POSITIVE_INFINITY : limit)
  const found: ShownDeadLetter[] = []
  let count = 0
  for await (const deadLetter of storedDeadLetters(clients.s3, outputs.DeadLetterBucketName, filter)) {
    if (count === max) return { found, hasMore: true, title }
    count++
    if (json) printJson(terminal, deadLetter)
    else found.push(deadLetter)
  }
  return { found, hasMore: false, title }
}

export function listCells({ arrival, reason, detail, text }: ShownDeadLetter): string[] {
  const line = text?.replace(/\s+/g, ' ').trim() ?? 'no text'
  return [`  ${arrival?.slice(0, 19).replace('T', ' ') ?? ''}`, reason, detail, shortened(line, TEXT_WIDTH_MAX)]
}

export function deadLetterText(
  { key, reason, detail, arrival, shard, sequence, subSequence, text }: ShownDeadLetter,
  paint: Paint,
): string {
  const where = `${shard}, record ${sequence}${subSequence === null ? '' : `, event ${subSequence}`}`
  return [
    paint('bold', printable(`${reason}: ${detail}`)),
    columns([
      ['  object', key],
      ...(arrival === null ? [] : [['  arrived', arrival]]),
      ...(sequence === null ? [] : [['  from', where]]),
    ]),
    text?.split('\n').map(printable).join('\n') ?? '(not text)',
  ].join('\n')
}

function noteCounts(terminal: Terminal, found: readonly ShownDeadLetter[], hasMore: boolean, title: string): void {
  if (found.length === 0) {
    note(terminal, `There are no such dead letters in ${title}.`)
    return
  }
  const counts = new Map<string, number>()
  for (const { reason } of found) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  note(terminal, printable([...counts].map(([reason, count]) => `${count} ${reason}`).join(', ')))
  if (hasMore) note(terminal, moreText(found.length))
}
