// Checks the share of clicks that belong to no search, and names the likely mistakes (R8).

import { counted } from '../../terminal/text-table.ts'
import type { ShownDeadLetter } from '../dead-letters/stored-dead-letters.ts'
import type { Target } from '../target/target.ts'
import { durationText, type Finding, ok, wrong } from './finding.ts'
import { clicksOf, type HourClicks, hoursWithOrphans, latestHours, orphansOf, shareOf } from './orphan-hours.ts'
import { type ExplainedOrphan, type OrphanOrigin, originInSessions } from './orphan-origin.ts'
import { type SampledOrphan, sampleOrphans, usersOfSearches } from './orphan-sample.ts'

const CHECK = 'orphan clicks'
const PAGE = 'docs/troubleshooting.md, Clicks belong to no search'

/** The event that separates click and search, and the change that a producer needs. */
const TEXTS: Readonly<Record<OrphanOrigin, readonly [happened: string, remedy: string]>> = {
  'tab-left-open': [
    'their search is in an earlier session of the user, since a tab stayed open for longer than the gap',
    'Raise the setting gap, or send a Search when the user comes back to the tab',
  ],
  'app-close': [
    'AppClose ended the session of their search before the click',
    'Send AppClose only when the user leaves, not at every tab switch, and after the last click',
  ],
  timeout: [
    'Timeout ended the session of their search before the click',
    'Send Timeout only after a silence as long as the gap, or not at all',
  ],
  limit: [
    'a limit ended the session of their search',
    'Raise maxSessionEvents or maxSessionDuration, or find the robot that sends so much',
  ],
  drain: ['a drain closed the session of their search', 'Drain only while users are idle'],
  'before-search': [
    'their search has a later time than the click',
    'Send the times of one clock, and in UTC or with their zone',
  ],
  'other-user': [
    'their search is of another user, as after a login',
    'Send one user on all events of a visit, such as the id of the device',
  ],
  'rejected-search': [
    'ingest rejected their search',
    "Repair what 'dead letters' names here, then redrive those events",
  ],
  'never-sent': ['no search with their searchId was found', 'Send a Search with the searchId that its clicks have'],
  'no-search-id': [
    'they have no searchId, and no search comes before them',
    'Send the searchId with each click, and no ClickResult for clicks elsewhere on the page',
  ],
}

/** Reads at most four hours of sessions, a sample of 48 sessions, and 15 sessions around each. */
export async function orphanClicksCheck(
  { clients, outputs }: Target,
  gapMs: number,
  deadLetters: readonly ShownDeadLetter[],
  nowMs: number,
): Promise<Finding[]> {
  const { dynamodb } = clients
  const tables = { sessions: outputs.SessionsTableName, results: outputs.ResultsTableName }
  if (outputs.RollupFunctionName === undefined) return [ok(CHECK, 'not checked, since rollups are off')]
  const hours = await latestHours(dynamodb, tables.results, nowMs)
  const concerned = hoursWithOrphans(hours)
  if (concerned.length === 0) return [ok(CHECK, countText(hours))]
  const sample = await sampleOrphans(dynamodb, tables, concerned)
  const unexplained = sample.filter((orphan) => explained(orphan, gapMs) === null && orphan.click.searchId !== null)
  const users = await usersOfSearches(
    dynamodb,
    tables.results,
    unexplained.map(({ click }) => click),
  )
  const origins = sample.map((orphan) => explained(orphan, gapMs) ?? originElsewhere(orphan, users, deadLetters))
  return [wrong(CHECK, countText(concerned), PAGE), ...findingsOf(origins)]
}

function explained({ click, others }: SampledOrphan, gapMs: number): ExplainedOrphan | null {
  return originInSessions(click, others, gapMs)
}

function originElsewhere(
  { user, click: { searchId } }: SampledOrphan,
  users: ReadonlyMap<string, string>,
  deadLetters: readonly ShownDeadLetter[],
): ExplainedOrphan {
  const at = (origin: OrphanOrigin): ExplainedOrphan => ({ origin, pauseMs: null })
  if (searchId === null) return at('no-search-id')
  const owner = users.get(searchId)
  if (owner !== undefined) return at(owner === user ? 'tab-left-open' : 'other-user')
  const quoted = JSON.stringify(searchId)
  return at(deadLetters.some(({ text }) => text?.includes(quoted)) ? 'rejected-search' : 'never-sent')
}

/** Makes a finding for each mistake, the most frequent first. */
function findingsOf(origins: readonly ExplainedOrphan[]): Finding[] {
  const byOrigin = new Map<OrphanOrigin, (number | null)[]>()
  for (const { origin, pauseMs } of origins) byOrigin.set(origin, [...(byOrigin.get(origin) ?? []), pauseMs])
  const frequent = [...byOrigin].sort(([, a], [, b]) => b.length - a.length)
  return frequent.map(([origin, pauses]) => {
    const [happened, remedy] = TEXTS[origin]
    const message = `${pauses.length} of a sample of ${origins.length}: ${happened}${pauseText(pauses)}. ${remedy}.`
    return wrong(CHECK, message, PAGE)
  })
}

function pauseText(pauses: readonly (number | null)[]): string {
  const known = pauses.filter((pauseMs) => pauseMs !== null).sort((a, b) => a - b)
  const [shortest, longest] = [known[0], known.at(-1)]
  if (shortest === undefined || longest === undefined) return ''
  const [from, to] = [durationText(shortest), durationText(longest)]
  return from === to ? ` (${from})` : ` (${from} to ${to})`
}

function countText(hours: readonly HourClicks[]): string {
  const orphans = orphansOf(hours)
  const [latest, earliest] = [hours[0]?.hour, hours.at(-1)?.hour]
  if (latest === undefined) return 'no hour changed since yesterday'
  const sum = (cause: 'search_elsewhere' | 'no_search'): number => hours.reduce((total, hour) => total + hour[cause], 0)
  const causes = `${sum('search_elsewhere')} search_elsewhere, ${sum('no_search')} no_search`
  const range = hours.length === 1 ? `hour ${latest}` : `${hours.length} hours from ${earliest} to ${latest}`
  const count = `${orphans} of ${counted(clicksOf(hours), 'click')} (${(100 * shareOf(hours)).toFixed(1)} %)`
  return `${count} in ${range} belong to no search${orphans === 0 ? '' : `: ${causes}`}`
}
