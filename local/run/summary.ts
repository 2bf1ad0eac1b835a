// Summarizes a run: counts of events and sessions, ratios of clicks, and capacity units.

import { HOUR_INDEX } from '../../functions/contract.ts'
import type { OrphanCause } from '../../functions/domain/results/attribution.ts'
import type { ResultRow, SearchRow, SessionRow } from '../../functions/domain/results/result.ts'
import type { Capacity } from '../proxy/dynamodb-proxy.ts'
import type { StoredSessions } from './stored-sessions.ts'

export interface DaySummary {
  readonly searches: number
  readonly searchesWithClick: number
  readonly clicks: number
  readonly zeroResultSearches: number
  readonly ctr: number | null
}

export interface CapacitySummary {
  readonly writeUnits: number
  readonly readUnits: number
  /**
   * The same units by use: the tables `sessions` and `results`, the index `by_hour`, and the rollup
   * function, `rollups`.
   */
  readonly writeUnitsBy: Readonly<Record<string, number>>
  readonly readUnitsBy: Readonly<Record<string, number>>
}

export interface Summary {
  readonly eventsIn: number
  readonly accepted: number
  readonly duplicates: number
  readonly rejected: Readonly<Record<string, number>>
  readonly users: number
  readonly sessions: number
  readonly sessionsWithSearch: number
  readonly sessionsWithClick: number
  readonly searches: number
  readonly searchesWithClick: number
  readonly clicks: number
  readonly orphanClicks: number
  readonly orphanClicksBy: Readonly<Record<OrphanCause, number>>
  readonly zeroResultSearches: number
  /** Searches whose result count is known. */
  readonly searchesWithResultCount: number
  readonly ctr: number | null
  readonly clicksPerSearch: number | null
  readonly days: Readonly<Record<string, DaySummary>>
  readonly capacity: CapacitySummary
}

export interface SummaryTables {
  readonly sessions: string
  readonly results: string
  readonly deadLetters: string
}

export function summarize(
  eventsIn: number,
  rows: readonly ResultRow[],
  stored: Omit<StoredSessions, 'held'>,
  rejected: Readonly<Record<string, number>>,
  capacity: CapacitySummary,
): Summary {
  const searchRows = rows.filter((row): row is SearchRow => row.kind === 'search')
  const sessionRows = rows.filter((row): row is SessionRow => row.kind === 'session')
  const rejections = Object.values(rejected).reduce((sum, count) => sum + count, 0)
  const total = summarizeSearches(searchRows)
  const days = [...new Set(searchRows.map((row) => row.day))].sort()
  return {
    eventsIn,
    accepted: stored.events,
    duplicates: eventsIn - stored.events - rejections,
    rejected,
    users: stored.users,
    sessions: stored.sessions,
    sessionsWithSearch: sessionRows.length,
    sessionsWithClick: sessionRows.filter((row) => row.searches_with_click > 0).length,
    searches: total.searches,
    searchesWithClick: total.searchesWithClick,
    clicks: total.clicks,
    ...summarizeOrphans(rows),
    zeroResultSearches: total.zeroResultSearches,
    searchesWithResultCount: searchRows.filter((row) => row.result_count !== null).length,
    ctr: total.ctr,
    clicksPerSearch: ratio(total.clicks, total.searches),
    days: Object.fromEntries(days.map((day) => [day, summarizeSearches(searchRows.filter((row) => row.day === day))])),
    capacity,
  }
}

/** Counts the clicks of sessions without a search, too (R8). */
function summarizeOrphans(rows: readonly ResultRow[]): Pick<Summary, 'orphanClicks' | 'orphanClicksBy'> {
  const ofCause = (cause: OrphanCause): number =>
    rows.reduce((sum, row) => sum + (row.kind === 'search' ? 0 : row[`orphan_clicks_${cause}`]), 0)
  const orphanClicksBy = { search_elsewhere: ofCause('search_elsewhere'), no_search: ofCause('no_search') }
  return { orphanClicks: orphanClicksBy.search_elsewhere + orphanClicksBy.no_search, orphanClicksBy }
}

export function summarizeSearches(rows: readonly SearchRow[]): DaySummary {
  const sum = (count: (row: SearchRow) => number): number => rows.reduce((total, row) => total + count(row), 0)
  const searchesWithClick = sum((row) => row.clicked)
  return {
    searches: rows.length,
    searchesWithClick,
    clicks: sum((row) => row.clicks),
    zeroResultSearches: sum((row) => row.zero_results),
    ctr: ratio(searchesWithClick, rows.length),
  }
}

/** Returns null for a denominator of 0 (R7). */
function ratio(numerator: number, denominator: number): number | null {
  return denominator === 0 ? null : numerator / denominator
}

/** The units of the rollup function count under this name. */
export const ROLLUPS = 'rollups'

export function summarizeCapacity(capacity: Capacity, tables: SummaryTables): CapacitySummary {
  const purposes = new Map([
    [tables.sessions, 'sessions'],
    [tables.results, 'results'],
    [`${tables.results}/${HOUR_INDEX.name}`, HOUR_INDEX.name],
    [ROLLUPS, ROLLUPS],
  ])
  const byPurpose = (units: ReadonlyMap<string, number>): Record<string, number> =>
    Object.fromEntries([...purposes].map(([name, purpose]) => [purpose, units.get(name) ?? 0]))
  const sum = (units: Readonly<Record<string, number>>): number => Object.values(units).reduce((a, b) => a + b, 0)
  const writeUnitsBy = byPurpose(capacity.writes)
  const readUnitsBy = byPurpose(capacity.reads)
  return { writeUnits: sum(writeUnitsBy), readUnits: sum(readUnitsBy), writeUnitsBy, readUnitsBy }
}

/** Stands where nothing counts the units. */
export const NO_CAPACITY: CapacitySummary = summarizeCapacity(
  { writes: new Map(), reads: new Map() },
  { sessions: 'sessions', results: 'results', deadLetters: 'dead-letters' },
)
