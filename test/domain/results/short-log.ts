// Builds the events and rows for the tests of sums and query lists.

import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import type { Event } from '../../../functions/domain/events/event.ts'
import type { ResultRow } from '../../../functions/domain/results/result.ts'
import { toRows } from '../../../functions/domain/results/result-rows.ts'
import { toSessions } from '../../../functions/domain/sessions/session.ts'
import { at, click, ROW_RULES, RULES, results, search } from '../../support/events.ts'

/** The rows of a user's sessions. */
export function rowsOf(events: readonly Event[], user = 'ann'): ResultRow[] {
  return toSessions(events, [], RULES).flatMap((session) =>
    toRows({ user, session, reason: 'gap', version: 1 }, sha256, ROW_RULES),
  )
}

/**
 * Four searches: one clicked at positions 2 and 12 after 4 s, one without results, one with three
 * results and no click, and one without Results.
 */
export const FOUR_SEARCHES = [
  search(at(0), { searchId: 'a', query: 'dogs' }),
  results(
    at(1),
    Array.from({ length: 12 }, (_, n) => `item${n + 1}`),
    { searchId: 'a' },
  ),
  click(at(4), 'item2', { searchId: 'a' }),
  click(at(5), 'item12', { searchId: 'a' }),
  search(at(20), { searchId: 'b', query: 'unicorns' }),
  results(at(21), [], { searchId: 'b' }),
  search(at(30), { searchId: 'c', query: ' Dogs ' }),
  results(at(31), ['x', 'y', 'z'], { searchId: 'c' }),
  search(at(40), { searchId: 'd', query: 'cats' }),
]
