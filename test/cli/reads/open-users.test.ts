// Checks that every user with an open session gets a timer.

import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { sessionsSpec } from '../../../bench/bench-tables.ts'
import { scheduleOpenUsers } from '../../../cli/reads/open-users.ts'
import { batchingWriter } from '../../../functions/aws/runtime/batching-writer.ts'
import { writingClient } from '../../../functions/aws/runtime/document-client.ts'
import { singleWriter } from '../../../functions/aws/runtime/item-writer.ts'
import { dynamoSessionStore } from '../../../functions/aws/sessions-table/session-store.ts'
import { dynamoTimerStore } from '../../../functions/aws/sessions-table/timer-store.ts'
import type { Session } from '../../../functions/domain/sessions/session.ts'
import { foundingId } from '../../../functions/domain/sessions/session-id.ts'
import { NEW_USER, type UserState } from '../../../functions/domain/sessions/user-state.ts'
import { usersOf } from '../../aws/sessions-table/timer-store-contract.ts'
import { emulatedDynamo } from '../../support/emulated-dynamo.ts'
import { at } from '../../support/events.ts'
import { makeTables } from '../../support/tables.ts'

const emulated = emulatedDynamo()

it('only users with an open session get a timer', async () => {
  const table = `sessions-${randomUUID()}`
  const client = emulated.clients.dynamodb
  await makeTables([sessionsSpec(table)], emulated.clients)
  const sessions = dynamoSessionStore(client, table)
  const event = { type: 'AppOpen', eventId: 'e', timeMs: at(0) } as const
  const session: Session = { ids: [foundingId(event)], continues: null, limitedBy: null, events: [event] }
  const state: UserState = { ...NEW_USER, version: 1, skewMs: 0 }
  for (const user of ['ann', 'ben#2', 'open']) await sessions.saveUser(user, { ...state, open: [session] }, 0, 1)
  await sessions.saveUser('idle', state, 0, at(1))
  // A statement leaves NULL where the state has no session any more.
  const sender = writingClient(client)
  const inStatements = dynamoSessionStore(client, table, batchingWriter(sender, singleWriter(sender), {}, 1))
  await inStatements.saveUser('emptied', { ...state, open: [session] }, 0, 1)
  await inStatements.saveUser('emptied', { ...state, version: 2 }, 1, at(1))
  await sessions.putClosed({ user: 'gone', session, reason: 'gap', version: 1 }, at(1))
  expect(await scheduleOpenUsers(client, table, at(9))).toBe(3)
  expect(await usersOf(dynamoTimerStore(client, table), { fromMs: 0, toMs: at(9) })).toEqual(['ann', 'ben#2', 'open'])
})
