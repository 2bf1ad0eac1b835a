// Reads the stored sessions of one user, and explains how each event counts.

import { type DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb'
import type { Item } from '../../functions/aws/runtime/table-items.ts'
import { CLOSED_PREFIX, readClosed, stateKey } from '../../functions/aws/sessions-table/session-items.ts'
import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { PARTITION_KEY, SORT_KEY } from '../../functions/contract.ts'
import type { Event, Labels } from '../../functions/domain/events/event.ts'
import { isoTime } from '../../functions/domain/events/time.ts'
import { attribute, type Evidence, type OrphanCause } from '../../functions/domain/results/attribution.ts'
import { firstEvent, lastEvent, type Session, sessionId } from '../../functions/domain/sessions/session.ts'
import { NEW_USER, type UserState } from '../../functions/domain/sessions/user-state.ts'

/** The names equal the columns of the result rows, so that a program can join both. */
export interface StoredSession {
  readonly user: string
  readonly session_id: string
  readonly state: 'open' | 'closed'
  readonly start: string
  readonly end: string
  /** Null while the session is open. */
  readonly close_reason: string | null
  readonly continues_session_id: string | null
  readonly searches: number
  readonly searches_with_click: number
  readonly events: readonly ExplainedEvent[]
}

export interface ExplainedEvent {
  readonly type: Event['type']
  readonly time: string
  readonly event_id: string
  readonly search_id?: string | null
  readonly query?: string
  /** Absent where the search has none. */
  readonly labels?: Labels
  readonly result_count?: number
  readonly item?: string
  /**
   * The position of a click as sent, else the item's rank in the list; null if neither is known.
   */
  readonly position?: number | null
  /** The event id of the search that the event belongs to; null for an orphan. */
  readonly of_event_id?: string | null
  readonly of_query?: string | null
  /** The reason why a click belongs to its search; null for an orphan. */
  readonly evidence?: Evidence | null
  /** The reason why a click belongs to no search. */
  readonly orphan_cause?: OrphanCause
}

/** Returns the newest session first. Leaves out a closed session that an event has opened again. */
export async function storedSessions(
  client: DynamoDBDocumentClient,
  table: string,
  user: string,
): Promise<StoredSession[]> {
  const query = {
    TableName: table,
    KeyConditionExpression: '#pk = :pk AND begins_with(#sk, :closed)',
    ExpressionAttributeNames: { '#pk': PARTITION_KEY, '#sk': SORT_KEY },
    ExpressionAttributeValues: { ':pk': stateKey(user)[PARTITION_KEY], ':closed': CLOSED_PREFIX },
    ConsistentRead: true,
  }
  const open = new Map<string, StoredSession>()
  const closed: StoredSession[] = []
  for await (const { Items: items } of paginateQuery({ client }, query)) {
    for (const item of (items ?? []) as Item[]) closed.push(...closedSessions(user, item))
  }
  const state = (await dynamoSessionStore(client, table).loadUsers([user])).get(user) ?? NEW_USER
  for (const [ids, session] of openSessions(user, state)) for (const id of ids) open.set(id, session)
  const onlyClosed = closed.filter(({ session_id: id }) => !open.has(id))
  return [...new Set(open.values()), ...onlyClosed].sort((a, b) => (a.start < b.start ? 1 : -1))
}

function openSessions(user: string, state: UserState): [readonly string[], StoredSession][] {
  return state.open.map((session) => [session.ids, { ...explained(user, session), state: 'open', close_reason: null }])
}

/** Returns no session for a tombstone. */
function closedSessions(user: string, item: Item): StoredSession[] {
  const closed = readClosed(item)
  if (closed === null) return []
  return [{ ...explained(user, closed.session), state: 'closed', close_reason: closed.reason }]
}

function explained(user: string, session: Session) {
  const { searches, orphans } = attribute(session.events)
  const fieldsOf = new Map<Event, Partial<ExplainedEvent>>()
  for (const { search, results, clicks } of searches) {
    const owner = { of_event_id: search.eventId, of_query: search.query }
    for (const result of results) fieldsOf.set(result, owner)
    for (const { click, evidence, position } of clicks) fieldsOf.set(click, { ...owner, evidence, position })
  }
  const ofNoSearch = { of_event_id: null, of_query: null, evidence: null }
  for (const { click, cause } of orphans) fieldsOf.set(click, { ...ofNoSearch, orphan_cause: cause })
  return {
    user,
    session_id: sessionId(session),
    start: isoTime(firstEvent(session).timeMs),
    end: isoTime(lastEvent(session).timeMs),
    continues_session_id: session.continues,
    searches: searches.length,
    searches_with_click: searches.filter(({ clicks }) => clicks.length > 0).length,
    events: session.events.map((event) => ({ ...sentFields(event), ...fieldsOf.get(event) })),
  }
}

function sentFields(event: Event): ExplainedEvent {
  const common = { type: event.type, time: isoTime(event.timeMs), event_id: event.eventId }
  if (event.type === 'Search') {
    const search = { ...common, search_id: event.searchId, query: event.query }
    return event.labels === undefined ? search : { ...search, labels: event.labels }
  }
  if (event.type === 'Results') return { ...common, search_id: event.searchId, result_count: event.resultCount }
  if (event.type !== 'ClickResult') return common
  return { ...common, search_id: event.searchId, item: event.item, position: event.position }
}
