// The summary of a local run: the tables and the dead letters as they are in, one account of them out.

import { GetObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3'
import { paginateScan } from '@aws-sdk/lib-dynamodb'
import { decodeRejectedLine, rejectedLines } from '../../functions/aws/dead-letters/rejected-line.ts'
import { isRow, toRow } from '../../functions/aws/results-table/result-items.ts'
import type { Item } from '../../functions/aws/runtime/table-items.ts'
import { blockNames, readClosed, readState, userOf } from '../../functions/aws/sessions-table/session-items.ts'
import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { CLOSED, HOUR_INDEX, KIND, PROGRESS_KEY, REJECTED_PREFIX, SORT_KEY, TIMERS } from '../../functions/contract.ts'
import type { ResultRow, SearchRow, SessionRow } from '../../functions/domain/results/result.ts'
import type { UserState } from '../../functions/domain/sessions/user-state.ts'
import type { Clients } from '../emulators/clients.ts'
import type { Capacity } from '../proxy/dynamodb-proxy.ts'

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
  /** The parts of the units: `sessions`, `due` (its index), `results`, `by_hour` (its index) and `rollups` (what summing up takes). */
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
  readonly zeroResultSearches: number
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

/** All result rows, ordered by key, without what only housekeeping needs. */
export async function readResults(clients: Clients, table: string): Promise<ResultRow[]> {
  const rows: ResultRow[] = []
  for await (const { Items: items } of paginateScan({ client: clients.dynamodb }, { TableName: table })) {
    rows.push(...(items ?? []).filter(isRow).map(toRow))
  }
  return rows.sort((a, b) => (a.pk === b.pk ? compare(a.sk, b.sk) : compare(a.pk, b.pk)))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function summarize(
  eventsIn: number,
  rows: readonly ResultRow[],
  stored: StoredSessions,
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
    orphanClicks: sessionRows.reduce((sum, row) => sum + row.orphan_clicks, 0),
    zeroResultSearches: total.zeroResultSearches,
    ctr: total.ctr,
    clicksPerSearch: ratio(total.clicks, total.searches),
    days: Object.fromEntries(days.map((day) => [day, summarizeSearches(searchRows.filter((row) => row.day === day))])),
    capacity,
  }
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

/** A ratio of nothing is null (R7). */
function ratio(numerator: number, denominator: number): number | null {
  return denominator === 0 ? null : numerator / denominator
}

export interface StoredSessions {
  readonly users: number
  /** Of whom nothing is kept, so that nobody knows how many events were theirs. */
  readonly forgottenUsers: number
  readonly sessions: number
  readonly events: number
}

/** Closed sessions and open ones; a session that is open again counts once. */
export async function readSessions(clients: Clients, table: string): Promise<StoredSessions> {
  const open = new Map<string, number>()
  const closed = new Map<string, number>()
  const users = new Set<string>()
  const forgotten = new Set<string>()
  const key = (user: string, id: string): string => JSON.stringify([user, id])
  const addState = (user: string, state: UserState): void => {
    if (state.forgotten !== null) forgotten.add(user)
    for (const session of state.open) {
      for (const id of session.ids) open.set(key(user, id), 0)
      open.set(key(user, session.ids[0] ?? ''), session.events.length)
    }
  }
  const inBlocks: string[] = []
  for await (const { Items: items } of paginateScan({ client: clients.dynamodb }, { TableName: table })) {
    for (const item of (items ?? []) as Item[]) {
      if (item[SORT_KEY] === PROGRESS_KEY || item[KIND] === TIMERS) continue
      const user = userOf(item)
      users.add(user)
      if (item[KIND] === CLOSED) {
        const session = readClosed(item)?.session
        closed.set(key(user, session?.ids[0] ?? ''), session?.events.length ?? 0)
      } else if (item[KIND] === undefined) {
        if (blockNames(item).length > 0) inBlocks.push(user)
        else addState(user, readState(item))
      }
    }
  }
  for (const [user, state] of await dynamoSessionStore(clients.dynamodb, table).loadUsers(inBlocks))
    addState(user, state)
  const all = new Map([...closed, ...open])
  const counts = [...all.values()].filter((events) => events > 0)
  const events = counts.reduce((sum, count) => sum + count, 0)
  return { users: users.size, forgottenUsers: forgotten.size, sessions: counts.length, events }
}

/** Refused records and events by reason. A batch that came twice may have left one in two objects: it counts once. */
export async function readRejected(clients: Pick<Clients, 's3'>, bucket: string): Promise<Record<string, number>> {
  const reasons = new Map<string, string>()
  const listing = { Bucket: bucket, Prefix: REJECTED_PREFIX }
  for await (const { Contents: objects } of paginateListObjectsV2({ client: clients.s3 }, listing)) {
    for (const { Key: key } of objects ?? []) {
      const { Body: body } = await clients.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      for (const line of rejectedLines((await body?.transformToString()) ?? '')) {
        const { reason, shardId, sequenceNumber, subSequence } = decodeRejectedLine(line)
        reasons.set(JSON.stringify([shardId, sequenceNumber, subSequence]), reason)
      }
    }
  }
  const counts: Record<string, number> = {}
  for (const reason of [...reasons.values()].sort()) counts[reason] = (counts[reason] ?? 0) + 1
  return counts
}

/** What the rollup function takes is counted under this name. */
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
