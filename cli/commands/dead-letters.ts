// `dead-letters`: a target in; what was refused there, and why, listed, shown whole, or sent again, out.

import { type Command, Option } from 'commander'
import { note, type Paint, paintFor, print, printJson } from '../../terminal/output.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { columns, printable } from '../../terminal/text-table.ts'
import {
  LETTER_REASONS,
  prefixesOf,
  type ShownDeadLetter,
  storedDeadLetters,
} from '../dead-letters/stored-dead-letters.ts'
import { parseCount, parseDay } from '../target/option-values.ts'
import { openTarget } from '../target/target.ts'
import { type TargetOptions, withTarget } from '../target/target-options.ts'
import { addRedrive } from './redrive.ts'

interface DeadLettersOptions extends TargetOptions {
  readonly reason?: string
  readonly day?: string
  readonly prefix?: string
  readonly limit?: number
  readonly json?: true
}

const LISTED_MAX = 100
const SHOWN_MAX = 20
const TEXT_CHARACTERS_MAX = 70

export function addDeadLetters(program: Command, terminal: Terminal): void {
  const letters = program
    .command('dead-letters')
    .helpCommand(false)
    .description('what was refused or given up: list it, show it, send it again')
    .addHelpText(
      'after',
      `
Examples:
  search-ctr dead-letters list --day 2026-11-21
  search-ctr dead-letters list --reason missing-field --local
  search-ctr dead-letters show --reason too-late --limit 1
  search-ctr dead-letters redrive --day 2026-11-21`,
    )
  const list = letters
    .command('list')
    .description('one line for each: when it arrived, why it was refused, how it begins')
  withFilter(list)
    .addHelpText(
      'after',
      `
The reason given-up is for the records of a batch that Lambda gave up, unreadable for an object that is no dead letter.

Examples:
  search-ctr dead-letters list
  search-ctr dead-letters list --day 2026-11-21 --reason missing-field
  search-ctr dead-letters list --json | jq -r .reason | sort | uniq -c`,
    )
    .action((options) => listDeadLetters(options, terminal))
  const show = letters.command('show').argument('[key]', 'of the object in the bucket, or how it begins')
  withFilter(show.description('whole: the reason, where it was in the stream, and what was sent'))
    .addHelpText(
      'after',
      `
Examples:
  search-ctr dead-letters show --limit 1
  search-ctr dead-letters show rejected/2026-11-21/ --reason not-json
  search-ctr dead-letters show aws/lambda/ --local`,
    )
    .action((key: string | undefined, options: DeadLettersOptions) => showDeadLetters(key, options, terminal))
  addRedrive(letters, terminal, false)
}

function withFilter(command: Command): Command {
  command
    .addOption(new Option('--reason <reason>', 'only what was refused for this reason').choices(LETTER_REASONS))
    .option('--day <day>', 'only what arrived on this day (UTC)', parseDay)
    .option('--prefix <text>', 'only objects whose keys begin so, as rejected/2026-11-21/ or aws/lambda/')
    .option(
      '--limit <number>',
      `at most so many (default: ${LISTED_MAX} listed, ${SHOWN_MAX} shown; with --json all)`,
      parseCount,
    )
    .option('--json', 'one JSON object a line')
  return withTarget(command)
}

async function listDeadLetters(options: DeadLettersOptions, terminal: Terminal): Promise<void> {
  const { found, hasMore, title } = await find(terminal, options, options.prefix, LISTED_MAX)
  if (options.json) return
  const rows = found.map((letter) => ({ key: letter.key, cells: listed(letter) }))
  const lines = columns(rows.map(({ cells }) => cells)).split('\n')
  const paint = paintFor(terminal)
  let key = ''
  for (const [index, row] of rows.entries()) {
    if (row.key !== key) print(terminal, paint('dim', printable(row.key)))
    key = row.key
    print(terminal, lines[index] ?? '')
  }
  tellCounts(terminal, found, hasMore, title)
}

async function showDeadLetters(
  key: string | undefined,
  options: DeadLettersOptions,
  terminal: Terminal,
): Promise<void> {
  const { found, hasMore, title } = await find(terminal, options, key ?? options.prefix, SHOWN_MAX)
  if (options.json) return
  if (found.length > 0) print(terminal, found.map((letter) => shown(letter, paintFor(terminal))).join('\n\n'))
  tellCounts(terminal, found, hasMore, title)
}

async function find(terminal: Terminal, options: DeadLettersOptions, prefix: string | undefined, limit: number) {
  const { title, clients, outputs } = await openTarget(options, terminal.cwd)
  const { reason = null, day = null, json } = options
  const filter = { prefixes: prefixesOf(prefix, options.day), reason, day }
  const max = options.limit ?? (json ? Number.POSITIVE_INFINITY : limit)
  const found: ShownDeadLetter[] = []
  let count = 0
  for await (const letter of storedDeadLetters(clients.s3, outputs.DeadLetterBucketName, filter)) {
    if (count === max) return { found, hasMore: true, title }
    count++
    if (json) printJson(terminal, letter)
    else found.push(letter)
  }
  return { found, hasMore: false, title }
}

export function listed({ arrival, reason, detail, text }: ShownDeadLetter): string[] {
  const line = text?.replace(/\s+/g, ' ').trim() ?? 'no text'
  const start = line.length > TEXT_CHARACTERS_MAX ? `${line.slice(0, TEXT_CHARACTERS_MAX)}…` : line
  return [`  ${arrival?.slice(0, 19).replace('T', ' ') ?? ''}`, reason, detail, start]
}

export function shown(
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

function tellCounts(terminal: Terminal, found: readonly ShownDeadLetter[], hasMore: boolean, title: string): void {
  if (found.length === 0) note(terminal, `There are no such dead letters in ${title}.`)
  const counts = new Map<string, number>()
  for (const { reason } of found) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  if (found.length > 0) note(terminal, printable([...counts].map(([reason, count]) => `${count} ${reason}`).join(', ')))
  if (hasMore) note(terminal, `There are more than these ${found.length}: raise --limit.`)
}
