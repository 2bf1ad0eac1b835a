// Reports what the tables of a local run hold and what is written there to an observer.

import { type DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb'
import { isRow, toRow } from '../../functions/aws/results-table/result-items.ts'
import type { Item } from '../../functions/aws/runtime/table-items.ts'
import { readableClosed, readableState } from '../../functions/aws/sessions-table/readable-closed.ts'
import { closedIdOf, stateKey, userOf, versionOf } from '../../functions/aws/sessions-table/session-items.ts'
import { dynamoSessionStore } from '../../functions/aws/sessions-table/session-store.ts'
import { CLOSED, KIND, SORT_KEY, TOMBSTONE } from '../../functions/contract.ts'
import type { PipelineObserver } from '../../watch/watched-pipeline.ts'
import type { TargetClients } from '../target/target-clients.ts'
import { awaitedRows } from './awaited-rows.ts'
import type { ReportTables } from './report-reads.ts'
import { followTable } from './table-follower.ts'

export interface TableWatch {
  /** Reports what was written since the last read. */
  read(): Promise<void>
}

/** A page is for a run that a person watches. A longer log has older items that it leaves out. */
const ITEMS_MAX = 50_000
/** Reads of rows after each other, since many sessions may close at once. */
const ROW_READS_MAX = 20

/**
 * Reports the items that are there first. A table with more than 50,000 items is read up to that
 * number. Reading all of a table on AWS would cost too much, so this is for local runs.
 */
export async function watchTables(
  { dynamodb, tableStreams }: Pick<TargetClients, 'dynamodb' | 'tableStreams'>,
  { sessions, results }: ReportTables,
  observer: PipelineObserver,
): Promise<TableWatch> {
  const follower = await followTable(dynamodb, tableStreams, sessions, (item) => [item])
  const rows = awaitedRows(dynamodb, results)
  const loadUsers = dynamoSessionStore(dynamodb, sessions).loadUsers
  const report = async (item: Item): Promise<void> => {
    for (const closed of item[KIND] === CLOSED ? readableClosed(item) : []) {
      observer.onClosed(closed)
      rows.add(closed)
    }
    if (item[KIND] === TOMBSTONE) observer.onTombstone(userOf(item), closedIdOf(item))
    if (item[SORT_KEY] !== STATE_SORT_KEY) return
    const user = userOf(item)
    const read = readableState(item)
    const state = read === 'in-blocks' ? (await loadUsers([user])).get(user) : read
    // A state that was written since would come before the sessions that closed until then.
    if (state?.version === versionOf(item)) observer.onState(user, state)
  }
  for await (const item of itemsOf(dynamodb, sessions)) await report(item)
  for await (const item of itemsOf(dynamodb, results)) if (isRow(item)) observer.onRow(toRow(item))
  return {
    read: async () => {
      for (const item of await follower.read()) await report(item)
      for (let reads = 0; reads < ROW_READS_MAX; reads++) {
        const written = await rows.takeWritten()
        for (const row of written) observer.onRow(row)
        if (written.length === 0) break
      }
    },
  }
}

const STATE_SORT_KEY = stateKey('')[SORT_KEY]

async function* itemsOf(client: DynamoDBDocumentClient, table: string): AsyncGenerator<Item> {
  let items = 0
  for await (const { Items: page = [] } of paginateScan({ client }, { TableName: table })) {
    yield* page as Item[]
    items += page.length
    if (items >= ITEMS_MAX) return
  }
}
