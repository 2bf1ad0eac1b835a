// Implements `sessions`, which prints the stored sessions of a user and explains each event.

import type { Command } from 'commander'
import { labelText } from '../../functions/domain/events/label-text.ts'
import { note, type Paint, paintFor, print, printJson } from '../../terminal/output.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { columns, counted, printable } from '../../terminal/text-table.ts'
import { type ExplainedEvent, type StoredSession, storedSessions } from '../reads/stored-sessions.ts'
import { PSEUDONYM_KEY_OPTION, storedIds } from '../reads/stored-user.ts'
import { parseCount, parseUser } from '../target/option-values.ts'
import { openTarget } from '../target/target.ts'
import { type TargetOptions, targetText, withTarget } from '../target/target-options.ts'
import { withHelp } from './help.ts'

interface SessionsOptions extends TargetOptions {
  readonly user: string
  readonly open?: true
  readonly limit?: number
  readonly json?: true
  readonly pseudonymKey?: string
}

export function defineSessions(command: Command, terminal: Terminal): void {
  command
    .requiredOption('--user <id>', 'the user, named as in events', parseUser)
    .option('--open', 'only sessions that are still open')
    .option('--limit <number>', 'print at most so many sessions (default: all)', parseCount)
    .option('--json', 'print each session as one line of JSON')
    .option(...PSEUDONYM_KEY_OPTION)
  withHelp(withTarget(command), {
    details: `The newest session comes first. A closed session is stored as long as late events may amend it (the
setting amendFor). Its result rows are stored longer.`,
    examples: [
      'search-session-ctr sessions --user ann',
      'search-session-ctr sessions --user ann --open --local',
      'search-session-ctr sessions --user ann --limit 1 --json',
    ],
  }).action((options) => runSessions(options, terminal))
}

async function runSessions(options: SessionsOptions, terminal: Terminal): Promise<void> {
  const { title, clients, outputs } = await openTarget(options, terminal.cwd)
  const users = await storedIds(options.user, options.pseudonymKey, clients)
  const found: StoredSession[] = []
  for (const user of users) found.push(...(await storedSessions(clients.dynamodb, outputs.SessionsTableName, user)))
  const chosen = found.filter(({ state }) => !options.open || state === 'open').slice(0, options.limit)
  if (options.json) for (const session of chosen) printJson(terminal, session)
  else if (chosen.length > 0)
    print(terminal, chosen.map((session) => sessionText(session, paintFor(terminal))).join('\n\n'))
  else note(terminal, nothingText(options, title, found.length))
}

/** @param stored the number of the user's sessions, open or closed. */
function nothingText(options: SessionsOptions, title: string, stored: number): string {
  const where = targetText(options)
  if (stored > 0) return `There are no open sessions of this user in ${title}: leave --open out to see closed ones.`
  return (
    `There are no sessions of this user in ${title}: is the id as in the events, capitals too? ` +
    `'search-session-ctr dead-letters list${where}' shows rejected events.`
  )
}

export function sessionText(session: StoredSession, paint: Paint): string {
  const { state, start, close_reason: reason, continues_session_id: continues } = session
  const until = state === 'open' ? 'open' : `closed by ${reason}`
  const counts = `${counted(session.searches, 'search', 'searches')}, ${session.searches_with_click} with a click`
  return [
    paint('bold', `${start.slice(0, 10)} ${clock(start)} to ${clock(session.end)}  ${until}  ${counts}`),
    printable(`  id ${session.session_id}${continues === null ? '' : `, continues ${continues}`}`),
    columns(session.events.map((event) => [`  ${clock(event.time)}`, event.type, eventText(event)])),
  ].join('\n')
}

function eventText(event: ExplainedEvent): string {
  const owner = event.of_query === null || event.of_query === undefined ? 'of no search' : `of "${event.of_query}"`
  if (event.type === 'Search') return `"${event.query}" ${labelText(event.labels)}`.trimEnd()
  if (event.type === 'Results') return `${counted(event.result_count ?? 0, 'result')}, ${owner}`
  if (event.type !== 'ClickResult') return ''
  const position = event.position === null ? '' : ` at ${event.position}`
  return `${event.item}${position}, ${owner}${event.evidence ? `, by ${EVIDENCE[event.evidence]}` : ''}`
}

const EVIDENCE = { searchId: 'its search id', item: 'the list that shows it', order: 'order alone' } as const

function clock(time: string): string {
  return time.slice(11, 19)
}
