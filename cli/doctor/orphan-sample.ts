// Reads a sample of orphan clicks with what explains them: other sessions of their users, searches
// of other users, and dead letters.

import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import pMap from 'p-map'
import { hourSliceKey } from '../../functions/aws/results-table/result-items.ts'
import type { Item } from '../../functions/aws/runtime/table-items.ts'
import { readableClosed } from '../../functions/aws/sessions-table/readable-closed.ts'
import { CLOSED_KEYS, closedKeyAfter, stateKey, userOf } from '../../functions/aws/sessions-table/session-items.ts'
import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { HOUR_INDEX, PARTITION_KEY, SORT_KEY } from '../../functions/contract.ts'
import { HOUR_MS } from '../../functions/domain/durations.ts'
import type { ClickEvent } from '../../functions/domain/events/event.ts'
import { attribute } from '../../functions/domain/results/attribution.ts'
import type { ClosedSession } from '../../functions/domain/results/result.ts'
import { hourAt, SLICES } from '../../functions/domain/results/rollup.ts'
import { sessionId } from '../../functions/domain/sessions/session.ts'
import { NEW_USER, type UserState } from '../../functions/domain/sessions/user-state.ts'
import { closedKeyOf, itemsByKey } from '../reads/rows-by-key.ts'
import { type HourClicks, orphanRows } from './orphan-hours.ts'
import type { OtherSession } from './orphan-origin.ts'

const SESSIONS_MAX = 48
/** Hours in which sessions with orphan clicks are searched for. */
const HOURS_MAX = 4
/** Orphan clicks of one session. */
const CLICKS_MAX = 3
const [SESSIONS_BEFORE_MAX, SESSIONS_AFTER_MAX] = [10, 5]
/** Index entries of searches in one slice of an hour. */
const SEARCHES_MAX = 1000
const READS_AT_ONCE = 8

export interface SampledOrphan {
  readonly user: string
  readonly click: ClickEvent
  /** The sessions of its user around it, closed and open. */
  readonly others: readonly OtherSession[]
}

export interface Tables {
  readonly sessions: string
  readonly results: string
}

/** Samples the newest of the hours first. Leaves out sessions that have expired. */
export async function sampleOrphans(
  client: DynamoDBDocumentClient,
  { sessions: table, results }: Tables,
  hours: readonly HourClicks[],
): Promise<SampledOrphan[]> {
  const closed = await orphanSessions(client, { sessions: table, results }, hours)
  const users = [...new Set(closed.map(({ user }) => user))]
  const states = await dynamoSessionStore(client, table).loadUsers(users)
  const sampled = await pMap(closed, (one) => orphansOfSession(client, table, one, states.get(one.user) ?? NEW_USER), {
    concurrency: READS_AT_ONCE,
  })
  return sampled.flat()
}

async function orphanSessions(
  client: DynamoDBDocumentClient,
  tables: Tables,
  hours: readonly HourClicks[],
): Promise<ClosedSession[]> {
  const found: ClosedSession[] = []
  const concerned = hours.filter((hour) => hour.search_elsewhere + hour.no_search > 0)
  for (const { hour } of concerned.slice(0, HOURS_MAX)) {
    const rows = await orphanRows(client, tables.results, hour)
    const keys = rows.slice(0, SESSIONS_MAX - found.length).map(closedKeyOf)
    found.push(...(await itemsByKey(client, tables.sessions, keys)).flatMap(readableClosed))
    if (found.length >= SESSIONS_MAX) break
  }
  return found
}

async function orphansOfSession(
  client: DynamoDBDocumentClient,
  table: string,
  { user, session }: ClosedSession,
  state: UserState,
): Promise<SampledOrphan[]> {
  const { orphans } = attribute(session.events)
  const [first] = orphans
  if (first === undefined) return []
  const around = await sessionsAround(client, table, user, first.click.timeMs)
  const open = state.open.map((one) => ({ session: one, reason: null }))
  const isOther = ({ session: one }: OtherSession): boolean => sessionId(one) !== sessionId(session)
  const others = [...around, ...open].filter(isOther)
  return orphans.slice(0, CLICKS_MAX).map(({ click }) => ({ user, click, others }))
}

async function sessionsAround(
  client: DynamoDBDocumentClient,
  table: string,
  user: string,
  timeMs: number,
): Promise<ClosedSession[]> {
  const middle = closedKeyAfter(timeMs)
  const read = async (from: string, to: string, isForward: boolean, limit: number): Promise<Item[]> => {
    const query = {
      TableName: table,
      KeyConditionExpression: '#pk = :pk AND #sk BETWEEN :from AND :to',
      ExpressionAttributeNames: { '#pk': PARTITION_KEY, '#sk': SORT_KEY },
      ExpressionAttributeValues: { ':pk': stateKey(user)[PARTITION_KEY], ':from': from, ':to': to },
      ScanIndexForward: isForward,
      Limit: limit,
    }
    return (await client.send(new QueryCommand(query))).Items ?? []
  }
  const before = await read(CLOSED_KEYS.first, middle, false, SESSIONS_BEFORE_MAX)
  const after = await read(middle, CLOSED_KEYS.last, true, SESSIONS_AFTER_MAX)
  return [...before, ...after].flatMap(readableClosed)
}

/**
 * Finds the users of searches by their ids, in the rows of the hours of the clicks and the hours
 * before those.
 */
export async function usersOfSearches(
  client: DynamoDBDocumentClient,
  table: string,
  clicks: readonly ClickEvent[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Set(clicks.flatMap(({ searchId }) => searchId ?? []))
  const times = clicks.flatMap(({ timeMs }) => [timeMs, timeMs - HOUR_MS])
  const hours = [...new Set(times.map(hourAt))]
  const users = new Map<string, string>()
  const keys = hours.slice(0, HOURS_MAX).flatMap((hour) => SLICES.map((slice) => hourSliceKey(hour, slice)))
  const read = async (slice: string): Promise<void> => {
    const query = {
      TableName: table,
      IndexName: HOUR_INDEX.name,
      KeyConditionExpression: '#slice = :slice AND begins_with(#key, :search)',
      ProjectionExpression: '#pk, #sk',
      ExpressionAttributeNames: {
        '#slice': HOUR_INDEX.partitionKey,
        '#key': HOUR_INDEX.sortKey,
        '#pk': PARTITION_KEY,
        '#sk': SORT_KEY,
      },
      ExpressionAttributeValues: { ':slice': slice, ':search': 'search#' },
      Limit: SEARCHES_MAX,
    }
    for (const item of (await client.send(new QueryCommand(query))).Items ?? []) {
      const id = searchIdOf(String(item[SORT_KEY]))
      if (ids.has(id)) users.set(id, userOf(item))
    }
  }
  await pMap(keys, read, { concurrency: SLICES.length })
  return users
}

/** The key is `search#<time>#<search id>`. A search that shares a key has its event id there. */
function searchIdOf(sortKey: string): string {
  return sortKey.slice(sortKey.indexOf('#', 'search#'.length) + 1)
}
