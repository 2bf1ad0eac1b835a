// Reads back what a run stored in its tables: result rows and sessions.

import { paginateScan } from '@aws-sdk/lib-dynamodb'
import { isRow, toRow } from '../../functions/aws/results-table/result-items.ts'
import type { Item } from '../../functions/aws/runtime/table-items.ts'
import { blockNames, readClosed, readState, userOf } from '../../functions/aws/sessions-table/session-items.ts'
import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { CLOSED, KIND, PROGRESS_KEY, SORT_KEY, TIMERS } from '../../functions/contract.ts'
import type { Event } from '../../functions/domain/events/event.ts'
import type { ResultRow } from '../../functions/domain/results/result.ts'
import type { UserState } from '../../functions/domain/sessions/user-state.ts'
import type { Clients } from '../emulators/clients.ts'
import { storedKey } from './rejected-events.ts'

/** Returns all result rows by key, without the attributes that only the pipeline uses. */
export async function readResults(clients: Pick<Clients, 'dynamodb'>, table: string): Promise<ResultRow[]> {
  const rows: ResultRow[] = []
  for await (const { Items: items } of paginateScan({ client: clients.dynamodb }, { TableName: table })) {
    rows.push(...(items ?? []).filter(isRow).map(toRow))
  }
  return rows.sort((a, b) => (a.pk === b.pk ? compare(a.sk, b.sk) : compare(a.pk, b.pk)))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export interface StoredSessions {
  readonly users: number
  /** The pipeline stores nothing of them, so the number of their events is unknown. */
  readonly forgottenUsers: number
  readonly sessions: number
  readonly events: number
  /** Which of the asked events a session holds, by their `storedKey`. */
  readonly held: ReadonlySet<string>
}

/**
 * Counts open and closed sessions. A closed session that is open again counts once.
 *
 * @param asked the `storedKey` of each event to look for.
 */
export async function readSessions(
  clients: Clients,
  table: string,
  asked: ReadonlySet<string>,
): Promise<StoredSessions> {
  const held = new Set<string>()
  const find = (events: readonly Event[]): void => {
    if (asked.size === 0) return
    for (const key of events.map(storedKey)) if (asked.has(key)) held.add(key)
  }
  const { users, closed, states, usersWithBlocks } = await readSessionItems(clients, table, find)
  const loaded = await dynamoSessionStore(clients.dynamodb, table).loadUsers(usersWithBlocks)
  const forgotten = new Set<string>()
  const open = new Map<string, number>()
  for (const [user, state] of [...states, ...loaded]) {
    if (state.forgotten !== null) forgotten.add(user)
    for (const { ids, events } of state.open) {
      find(events)
      // A merged session has the ids of closed ones, whose events are in it now.
      for (const id of ids) open.set(sessionKey(user, id), 0)
      open.set(sessionKey(user, ids[0]), events.length)
    }
  }
  const counts = [...new Map([...closed, ...open]).values()].filter((events) => events > 0)
  const events = counts.reduce((sum, count) => sum + count, 0)
  return { users: users.size, forgottenUsers: forgotten.size, sessions: counts.length, events, held }
}

interface SessionItems {
  readonly users: ReadonlySet<string>
  /** Numbers of events by `sessionKey`. */
  readonly closed: ReadonlyMap<string, number>
  readonly states: readonly (readonly [string, UserState])[]
  /** Users whose open sessions are partly in blocks, so that their state is not complete here. */
  readonly usersWithBlocks: readonly string[]
}

async function readSessionItems(
  clients: Clients,
  table: string,
  onClosed: (events: readonly Event[]) => void,
): Promise<SessionItems> {
  const users = new Set<string>()
  const closed = new Map<string, number>()
  const states: [string, UserState][] = []
  const usersWithBlocks: string[] = []
  for await (const { Items: items } of paginateScan({ client: clients.dynamodb }, { TableName: table })) {
    for (const item of (items ?? []) as Item[]) {
      if (item[SORT_KEY] === PROGRESS_KEY || item[KIND] === TIMERS) continue
      const user = userOf(item)
      users.add(user)
      if (item[KIND] === CLOSED) {
        const session = readClosed(item)?.session
        onClosed(session?.events ?? [])
        closed.set(sessionKey(user, session?.ids[0] ?? ''), session?.events.length ?? 0)
      } else if (item[KIND] === undefined) {
        if (blockNames(item).length > 0) usersWithBlocks.push(user)
        else states.push([user, readState(item)])
      }
    }
  }
  return { users, closed, states, usersWithBlocks }
}

function sessionKey(user: string, id: string): string {
  return JSON.stringify([user, id])
}
