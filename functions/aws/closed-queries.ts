// Queries of a user's closed sessions: a table and a user in, sessions that may be touched, or all versions, out.

import { type DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb'
import { ABSORBED, KIND, PARTITION_KEY, SORT_KEY } from '../contract.ts'
import { firstEvent, type Session, sessionId } from '../domain/session.ts'
import type { TimeRange } from '../domain/user-state.ts'
import type { ClosedVersion } from '../ports.ts'
import { checkSchema, SCHEMA } from './item-schema.ts'
import { CLOSED_PREFIX, closedIdOf, closedKeyRange, readClosed, stateKey, versionOf } from './session-items.ts'

/** Queries that follow a chain of cut sessions, a day or more each: enough for the longest `amendFor`. */
const CHAIN_QUERIES_MAX = 32

/** The sessions of the range, and those that continue them however far they go. */
export async function queryChains(
  client: DynamoDBDocumentClient,
  table: string,
  user: string,
  range: TimeRange,
  durationMsMax: number,
): Promise<Session[]> {
  const found = new Map<string, Session>()
  let searched = range
  for (let query = 0; query < CHAIN_QUERIES_MAX; query++) {
    for (const session of await queryClosed(client, table, user, searched, durationMsMax)) {
      found.set(sessionId(session), session)
    }
    const nextMs = endOfBrokenChain(found)
    if (nextMs === null || nextMs <= searched.toMs) break
    searched = { fromMs: searched.toMs, toMs: nextMs }
  }
  return [...found.values()]
}

/** Of every closed session and every mark of the user. */
export async function* queryVersions(
  client: DynamoDBDocumentClient,
  table: string,
  user: string,
): AsyncIterable<readonly ClosedVersion[]> {
  const query = {
    TableName: table,
    KeyConditionExpression: '#pk = :pk AND begins_with(#sk, :closed)',
    ProjectionExpression: '#pk, #sk, #kind, #version, #schema',
    ExpressionAttributeNames: {
      '#pk': PARTITION_KEY,
      '#sk': SORT_KEY,
      '#kind': KIND,
      '#version': 'version',
      '#schema': SCHEMA,
    },
    ExpressionAttributeValues: { ':pk': stateKey(user)[PARTITION_KEY], ':closed': CLOSED_PREFIX },
    ConsistentRead: true,
  }
  for await (const { Items: items } of paginateQuery({ client }, query)) {
    yield (items ?? []).map((item) => {
      checkSchema(item)
      return { id: closedIdOf(item), version: versionOf(item), isMark: item[KIND] === ABSORBED }
    })
  }
}

async function queryClosed(
  client: DynamoDBDocumentClient,
  table: string,
  user: string,
  range: TimeRange,
  durationMsMax: number,
): Promise<Session[]> {
  const { from, to } = closedKeyRange(range, durationMsMax)
  const query = {
    TableName: table,
    KeyConditionExpression: '#pk = :pk AND #sk BETWEEN :from AND :to',
    ExpressionAttributeNames: { '#pk': PARTITION_KEY, '#sk': SORT_KEY },
    ExpressionAttributeValues: { ':pk': stateKey(user)[PARTITION_KEY], ':from': from, ':to': to },
    ConsistentRead: true,
  }
  const sessions: Session[] = []
  for await (const { Items: items } of paginateQuery({ client }, query)) {
    sessions.push(...(items ?? []).flatMap((item) => readClosed(item)?.session ?? []))
  }
  return sessions
}

/** The latest time at which a cut session was found without the one that continues it; null when there is none. */
function endOfBrokenChain(found: ReadonlyMap<string, Session>): number | null {
  // With its time: the old copy of a session that is open again may name one that another continues by now.
  const linkOf = (id: string | null, timeMs: number | undefined): string => `${timeMs} ${id}`
  const continued = new Set([...found.values()].map((session) => linkOf(session.continues, firstEvent(session).timeMs)))
  const broken = [...found.values()].filter(
    (session) => session.cut !== null && !continued.has(linkOf(sessionId(session), session.cut.atMs)),
  )
  return broken.length === 0 ? null : Math.max(...broken.map((session) => session.cut?.atMs ?? 0))
}
