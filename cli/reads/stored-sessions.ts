// The sessions of one user as they are stored: the items of the sessions table in, sessions with each event explained out.

import { type DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb'
import type { Item } from '../../functions/aws/runtime/table-items.ts'
import { CLOSED_PREFIX, readClosed, stateKey } from '../../functions/aws/sessions-table/session-items.ts'
import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { PARTITION_KEY, SORT_KEY } from '../../functions/contract.ts'
import type { Event } from '../../functions/domain/events/event.ts'
import { isoTime } from '../../functions/domain/events/time.ts'
import { attribute } from '../../functions/domain/results/attribution.ts'
import { firstEvent, lastEvent, type Session, sessionId } from '../../functions/domain/sessions/session.ts'
import { NEW_USER, type UserState } from '../../functions/domain/sessions/user-state.ts'

/** In the words of the result rows, so that a program can join them. */
export interface ShownSession {
  readonly user: string
  readonly session_id: string
  readonly state: 'open' | 'closed'
  readonly start: string
  readonly end: string
  /** Null while it is open. */
  readonly close_reason: string | null
  readonly continues_session_id: string | null
  readonly searches: number
  readonly searches_with_click: number
  readonly events: readonly ShownEvent[]
}

export interface ShownEvent {
  readonly type: Event['type']
  readonly time: string
  readonly event_id: string
  readonly search_id?: string | null
  readonly query?: string
  readonly result_count?: number
  readonly item?: string
  /** Of a click: as it was sent, else the item's place in the list; null where neither is known. */
  readonly position?: number | null
  /** The event id of the search that it was credited to; null for an orphan. */
  readonly of_event_id?: string | null
  readonly of_query?: string | null
  /** What tied a click to its search; null for an orphan. */
  readonly evidence?: 'searchId' | 'item' | 'order' | null
}

/** Newest first; of a session that was opened again, only the open one. */
export async function storedSessions(
  client: DynamoDBDocumentClient,
  table: string,
  user: string,
): Promise<ShownSession[]> {
  const query = {
    TableName: table,
    KeyConditionExpression: '#pk = :pk AND begins_with(#sk, :closed)',
    ExpressionAttributeNames: { '#pk': PARTITION_KEY, '#sk': SORT_KEY },
    ExpressionAttributeValues: { ':pk': stateKey(user)[PARTITION_KEY], ':closed': CLOSED_PREFIX },
    ConsistentRead: true,
  }
  const open = new Map<string, ShownSession>()
  const closed: ShownSession[] = []
  for await (const { Items: items } of paginateQuery({ client }, query)) {
    for (const item of (items ?? []) as Item[]) closed.push(...closedSessions(user, item))
  }
  const state = (await dynamoSessionStore(client, table).loadUsers([user])).get(user) ?? NEW_USER
  for (const [ids, shown] of openSessions(user, state)) for (const id of ids) open.set(id, shown)
  const onlyClosed = closed.filter(({ session_id: id }) => !open.has(id))
  return [...new Set(open.values()), ...onlyClosed].sort((a, b) => (a.start < b.start ? 1 : -1))
}

function openSessions(user: string, state: UserState): [readonly string[], ShownSession][] {
  return state.open.map((session) => [session.ids, { ...shown(user, session), state: 'open', close_reason: null }])
}

/** None for the mark of a session that another absorbed. */
function closedSessions(user: string, item: Item): ShownSession[] {
  const closed = readClosed(item)
  if (closed === null) return []
  return [{ ...shown(user, closed.session), state: 'closed', close_reason: closed.reason }]
}

function shown(user: string, session: Session) {
  const { searches, orphans } = attribute(session.events)
  const explained = new Map<Event, Partial<ShownEvent>>()
  for (const { search, results, clicks } of searches) {
    const owner = { of_event_id: search.eventId, of_query: search.query }
    for (const result of results) explained.set(result, owner)
    for (const { click, evidence, position } of clicks) explained.set(click, { ...owner, evidence, position })
  }
  for (const orphan of orphans) explained.set(orphan, { of_event_id: null, of_query: null, evidence: null })
  return {
    user,
    session_id: sessionId(session),
    start: isoTime(firstEvent(session).timeMs),
    end: isoTime(lastEvent(session).timeMs),
    continues_session_id: session.continues,
    searches: searches.length,
    searches_with_click: searches.filter(({ clicks }) => clicks.length > 0).length,
    events: session.events.map((event) => ({ ...shownEvent(event), ...explained.get(event) })),
  }
}

function shownEvent(event: Event): ShownEvent {
  const stamp = { type: event.type, time: isoTime(event.timeMs), event_id: event.eventId }
  if (event.type === 'Search') return { ...stamp, search_id: event.searchId, query: event.query }
  if (event.type === 'Results') return { ...stamp, search_id: event.searchId, result_count: event.resultCount }
  if (event.type !== 'ClickResult') return stamp
  return { ...stamp, search_id: event.searchId, item: event.item, position: event.position }
}
