// Formats the summary of a local run for a person.

import { ORPHAN_CAUSES, type OrphanCause } from '../../functions/domain/results/attribution.ts'
import type { Summary } from '../../local/run/summary.ts'
import { bars, columns, counted, percent } from '../../terminal/text-table.ts'

/** @param ignored how many documents of the log stand for no event, by reason. */
export function summaryText(summary: Summary, ignored: Readonly<Record<string, number>> = {}): string {
  const { writeUnits, writeUnitsBy } = summary.capacity
  // Rollups write by the hour, not by the event.
  const eventUnits = writeUnits - (writeUnitsBy.rollups ?? 0)
  const perEvent = summary.accepted === 0 ? '' : ` (${(eventUnits / summary.accepted).toFixed(2)} an event)`
  const totals = columns([
    ['events', `${summary.eventsIn}`],
    ['  accepted', `${summary.accepted}`],
    ['  duplicates', `${summary.duplicates}`],
    ['  rejected', byReason(summary.rejected)],
    ...(Object.keys(ignored).length === 0 ? [] : [['ignored documents', byReason(ignored)]]),
    ['users', `${summary.users}`],
    ['sessions', `${summary.sessions}`],
    ['  with a search', `${summary.sessionsWithSearch}`],
    ['  with a click', `${summary.sessionsWithClick}`],
    ['searches', `${summary.searches}`],
    ['  with a click', `${summary.searchesWithClick}`],
    ['  without results', zeroResultsText(summary)],
    ['clicks', `${summary.clicks}`],
    ['  of no search', orphansText(summary)],
    ['click-through rate', percent(summary.ctr)],
    ['clicks per search', summary.clicksPerSearch?.toFixed(2) ?? 'none'],
    // Nothing is written where no event is accepted.
    ...(writeUnits === 0
      ? []
      : [
          ['DynamoDB write units', `${writeUnits}`],
          ['  for events', `${eventUnits}${perEvent}`],
          ['  for rollups', `${writeUnits - eventUnits}`],
        ]),
  ])
  const days = Object.entries(summary.days)
  if (days.length === 0) return totals
  const byDay = bars(
    days.map(([day, { ctr, searches }]) => ({ label: day, share: ctr, note: counted(searches, 'search', 'searches') })),
  )
  return `${totals}\n\nclick-through rate by day (UTC)\n${byDay}`
}

function byReason(counts: Readonly<Record<string, number>>): string {
  const reasons = Object.entries(counts)
  const sum = reasons.reduce((total, [, count]) => total + count, 0)
  return sum === 0 ? '0' : `${sum} (${reasons.map(([reason, count]) => `${reason} ${count}`).join(', ')})`
}

/** Shows of how many searches the result count is known, unless it is known of all. */
function zeroResultsText({ zeroResultSearches, searchesWithResultCount, searches }: Summary): string {
  const known = searchesWithResultCount === searches ? '' : ` (of ${searchesWithResultCount} with a known count)`
  return `${zeroResultSearches}${known}`
}

const CAUSE_TEXT: Readonly<Record<OrphanCause, string>> = {
  search_elsewhere: 'search elsewhere',
  no_search: 'no search before',
}

function orphansText({ orphanClicks, orphanClicksBy }: Summary): string {
  const causes = ORPHAN_CAUSES.filter((cause) => orphanClicksBy[cause] > 0)
  const parts = causes.map((cause) => `${CAUSE_TEXT[cause]} ${orphanClicksBy[cause]}`)
  return parts.length === 0 ? `${orphanClicks}` : `${orphanClicks} (${parts.join(', ')})`
}
