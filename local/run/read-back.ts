// Reads back what a run stored: result rows, sessions and dead letters.

import { GetObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3'
import { paginateScan } from '@aws-sdk/lib-dynamodb'
import { decodeRejectedLine, rejectedLines } from '../../functions/aws/dead-letters/rejected-line.ts'
import { isRow, toRow } from '../../functions/aws/results-table/result-items.ts'
import type { Item } from '../../functions/aws/runtime/table-items.ts'
import { blockNames, readClosed, readState, userOf } from '../../functions/aws/sessions-table/session-items.ts'
import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { CLOSED, KIND, PROGRESS_KEY, REJECTED_PREFIX, SORT_KEY, TIMERS } from '../../functions/contract.ts'
import type { ResultRow } from '../../functions/domain/results/result.ts'
import type { UserState } from '../../functions/domain/sessions/user-state.ts'
import type { DeadLetter } from '../../functions/ports.ts'
import type { Clients } from '../emulators/clients.ts'
import type { Capacity } from '../proxy/dynamodb-proxy.ts'
import { inKeyOrder } from './log-run.ts'
import type { RunReads } from './reconcile.ts'
import { type RejectedEvent, rejectedEvents } from './rejected-events.ts'
import { type StoredSessions, sessionCount } from './stored-sessions.ts'
import { type SummaryTables, summarizeCapacity } from './summary.ts'

/** @param capacity returns the units so far, by table and index. */
export function tableReads(clients: Clients, tables: SummaryTables, capacity: () => Capacity): RunReads {
  return {
    results: () => readResults(clients, tables.results),
    rejected: () => readRejected(clients, tables.deadLetters),
    sessions: (asked) => readSessions(clients, tables.sessions, asked),
    capacity: () => summarizeCapacity(capacity(), tables),
  }
}

/** Returns all result rows by key, without the attributes that only the pipeline uses. */
export async function readResults(clients: Pick<Clients, 'dynamodb'>, table: string): Promise<ResultRow[]> {
  const rows: ResultRow[] = []
  for await (const { Items: items } of paginateScan({ client: clients.dynamodb }, { TableName: table })) {
    rows.push(...(items ?? []).filter(isRow).map(toRow))
  }
  return inKeyOrder(rows)
}

export async function readRejected(clients: Pick<Clients, 's3'>, bucket: string): Promise<RejectedEvent[]> {
  const deadLetters: DeadLetter[] = []
  const listing = { Bucket: bucket, Prefix: REJECTED_PREFIX }
  for await (const { Contents: objects } of paginateListObjectsV2({ client: clients.s3 }, listing)) {
    for (const { Key: key } of objects ?? []) {
      const { Body: body } = await clients.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      const lines = rejectedLines((await body?.transformToString()) ?? '')
      for (const line of lines) deadLetters.push(decodeRejectedLine(line))
    }
  }
  return rejectedEvents(deadLetters)
}

/** @param asked see `sessionCount`. */
async function readSessions(clients: Clients, table: string, asked: ReadonlySet<string>): Promise<StoredSessions> {
  const count = sessionCount(asked)
  const states: [string, UserState][] = []
  // Their open sessions are partly in blocks, so that their state is not complete here.
  const usersWithBlocks: string[] = []
  for await (const { Items: items } of paginateScan({ client: clients.dynamodb }, { TableName: table })) {
    for (const item of (items ?? []) as Item[]) {
      if (item[SORT_KEY] === PROGRESS_KEY || item[KIND] === TIMERS) continue
      const user = userOf(item)
      count.addUser(user)
      if (item[KIND] === CLOSED) {
        const session = readClosed(item)?.session
        if (session !== undefined) count.addClosed(user, session)
      } else if (item[KIND] === undefined) {
        if (blockNames(item).length > 0) usersWithBlocks.push(user)
        else states.push([user, readState(item)])
      }
    }
  }
  const loaded = await dynamoSessionStore(clients.dynamodb, table).loadUsers(usersWithBlocks)
  for (const [user, state] of [...states, ...loaded]) count.addState(user, state)
  return count.stored()
}
