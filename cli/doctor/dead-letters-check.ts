// Names the reasons of the dead letters since yesterday, each with an example and what to change.

import type { RejectReason } from '../../functions/domain/events/rejection.ts'
import type { ShownDeadLetter } from '../dead-letters/stored-dead-letters.ts'
import { type Finding, ok, wrong } from './finding.ts'
import type { RecentDeadLetters } from './recent-dead-letters.ts'

const GIVEN_UP = 'given-up'

/** The change that a producer needs, where the detail of a dead letter does not name it. */
const REMEDIES: Readonly<Partial<Record<string, string>>> = {
  'id-reused': 'Send a new eventId, such as a UUID, with each event; only a retry repeats one.',
  'too-late': 'Send events sooner, or raise the setting amendFor.',
  'time-in-future': 'Correct the clock of the producer, or raise the setting maxClockSkew.',
} satisfies Partial<Record<RejectReason, string>>

/**
 * Makes a finding for each reason, the most frequent first.
 *
 * @param where the options of the target, to paste after a command.
 */
export function deadLetterFindings({ deadLetters, hasMore }: RecentDeadLetters, where: string): Finding[] {
  if (deadLetters.length === 0) return [ok('dead letters', 'none since yesterday')]
  const byReason = new Map<string, ShownDeadLetter[]>()
  for (const deadLetter of deadLetters) {
    const others = byReason.get(deadLetter.reason)
    if (others === undefined) byReason.set(deadLetter.reason, [deadLetter])
    else others.push(deadLetter)
  }
  const found = [...byReason].sort(([, a], [, b]) => b.length - a.length)
  return found.map(([reason, some]) => {
    const count = `${some.length}${hasMore ? ' or more' : ''} ${reason} since yesterday`
    const remedy = REMEDIES[reason]
    const message = `${count}, for example ${frequentDetail(some)}${remedy === undefined ? '' : `. ${remedy}`}`
    const day = some[0]?.arrival?.slice(0, 'YYYY-MM-DD'.length)
    const of = day === undefined || reason === GIVEN_UP ? '' : ` --day ${day}`
    const list = `search-session-ctr dead-letters list --reason ${reason}${of}${where}`
    return wrong('dead letters', message, `${list}, then docs/${pageOf(reason)}`)
  })
}

function pageOf(reason: string): string {
  if (reason === GIVEN_UP) return 'operations.md, BatchesGivenUp'
  return reason === 'unreadable-state' || reason === 'unreadable'
    ? 'operations.md, ItemsUnreadable'
    : 'troubleshooting.md, More events are rejected'
}

function frequentDetail(deadLetters: readonly ShownDeadLetter[]): string {
  const counts = new Map<string, number>()
  for (const { detail } of deadLetters) counts.set(detail, (counts.get(detail) ?? 0) + 1)
  const [first = ['', 0]] = [...counts].sort(([, a], [, b]) => b - a)
  return first[0]
}
