// Fills the sessions table with users who have an open session and a timer, as ingest writes them.

import { BatchWriteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { stateItem } from '../../functions/aws/sessions-table/session-items.ts'
import { dynamoTimerStore } from '../../functions/aws/sessions-table/timer-store.ts'
import type { Session } from '../../functions/domain/sessions/session.ts'
import { foundingId } from '../../functions/domain/sessions/session-id.ts'
import type { UserState } from '../../functions/domain/sessions/user-state.ts'

/** The most items that a BatchWriteItem may hold. */
const BATCH_WRITE_ITEMS_MAX = 25
const WRITERS = 8
/** As many users as a full batch has, whose timers share pages. */
const USERS_IN_A_BATCH = 500

/**
 * Gives each user a session with one event.
 *
 * @param timeMs the time of the event.
 * @param timerMs when the users' timers fire.
 */
export async function putOpenUsers(
  client: DynamoDBDocumentClient,
  table: string,
  users: readonly string[],
  timeMs: number,
  timerMs: number,
): Promise<void> {
  let next = 0
  const write = async (): Promise<void> => {
    while (next < users.length) {
      const batch = users.slice(next, next + BATCH_WRITE_ITEMS_MAX)
      next += batch.length
      const requests = batch.map((user) => ({
        PutRequest: { Item: stateItem(user, openState(user, timeMs), 0) },
      }))
      await client.send(new BatchWriteCommand({ RequestItems: { [table]: requests } }))
    }
  }
  const timers = dynamoTimerStore(client, table)
  for (let start = 0; start < users.length; start += USERS_IN_A_BATCH) {
    await timers.put(users.slice(start, start + USERS_IN_A_BATCH).map((user) => ({ user, atMs: timerMs })))
  }
  await Promise.all(Array.from({ length: WRITERS }, write))
}

function openState(user: string, timeMs: number): UserState {
  const event = { type: 'AppOpen', eventId: `${user}-0`, timeMs } as const
  const session: Session = { ids: [foundingId(event)], continues: null, limitedBy: null, events: [event] }
  return { version: 1, skewMs: 0, lastAffectingTimeMs: null, open: [session], closedIds: [], forgotten: null }
}
