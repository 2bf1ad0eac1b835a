// Computes by the rules (M1-M3) which clicks and searches of a session satisfied the user, and
// which searches were reformulated. It scans forward from each click, unlike the pipeline. It
// shares no code with it, and is written to be read, not to be fast.

import type { ClickEvent, Event, SearchEvent } from '../functions/domain/events/event.ts'
import type { SuccessRules } from '../functions/domain/results/satisfaction.ts'
import { oracleOwners } from './oracle-results.ts'

export interface OracleSuccess {
  readonly searches: readonly {
    readonly eventId: string
    readonly satisfaction: string | null
    readonly satisfiedClicks: number
    readonly unknownClicks: number
    readonly reformulated: number
  }[]
  /** Null for a session without a search. */
  readonly session: {
    readonly satisfied: number
    readonly unknown: number
    readonly unsatisfied: number
    readonly reformulated: number
    readonly searchesToSuccess: number | null
    readonly timeToSuccessMs: number | null
  } | null
}

/** @param events one session's, in order (S2). */
export function oracleSuccess(events: readonly Event[], rules: SuccessRules): OracleSuccess {
  const { searches, ownerOf } = oracleOwners(events)
  const clicks = events.filter((event) => event.type === 'ClickResult')
  const stayOf = (click: ClickEvent): 'long' | 'short' | 'unknown' => {
    const after = events.slice(events.indexOf(click) + 1)
    const isBack = ({ type }: Event): boolean => type === 'Search' || type === 'ClickResult'
    const end = after.find(isBack) ?? after.find(({ type }) => type === 'AppClose')
    if (end === undefined) return 'unknown'
    return end.timeMs - click.timeMs >= rules.satisfiedDwellMs ? 'long' : 'short'
  }
  const staysOf = (search: SearchEvent): string[] => clicks.filter((click) => ownerOf(click) === search).map(stayOf)
  const satisfactionOf = (search: SearchEvent): string | null => {
    const stays = staysOf(search)
    if (stays.includes('long')) return 'satisfied'
    if (stays.includes('unknown')) return 'unknown'
    return stays.includes('short') ? 'unsatisfied' : null
  }
  const isReformulated = (search: SearchEvent): boolean => {
    const next = searches[searches.indexOf(search) + 1]
    if (next === undefined || satisfactionOf(search) === 'satisfied') return false
    return next.timeMs <= search.timeMs + rules.reformulatedWithinMs && wordsOf(next) !== wordsOf(search)
  }
  const having = (satisfaction: string): SearchEvent[] =>
    searches.filter((search) => satisfactionOf(search) === satisfaction)
  const [first] = searches
  const [success] = having('satisfied')
  const satisfied = clicks.filter((click) => ownerOf(click) !== undefined && stayOf(click) === 'long')
  return {
    searches: searches.map((search) => ({
      eventId: search.eventId,
      satisfaction: satisfactionOf(search),
      satisfiedClicks: staysOf(search).filter((stay) => stay === 'long').length,
      unknownClicks: staysOf(search).filter((stay) => stay === 'unknown').length,
      reformulated: isReformulated(search) ? 1 : 0,
    })),
    session:
      first === undefined
        ? null
        : {
            satisfied: having('satisfied').length,
            unknown: having('unknown').length,
            unsatisfied: having('unsatisfied').length,
            reformulated: searches.filter(isReformulated).length,
            searchesToSuccess: success === undefined ? null : searches.indexOf(success) + 1,
            timeToSuccessMs: satisfied[0] === undefined ? null : Math.max(0, satisfied[0].timeMs - first.timeMs),
          },
  }
}

function wordsOf({ query }: SearchEvent): string {
  return query
    .normalize('NFC')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
    .join(' ')
}
