// Tests the session stores in memory and on DynamoDB by their contract.

import { randomUUID } from 'node:crypto'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { describe, expect, it } from 'vitest'
import { sessionsSpec } from '../../../bench/bench-tables.ts'
import { batchingWriter } from '../../../functions/aws/runtime/batching-writer.ts'
import { writingClient } from '../../../functions/aws/runtime/document-client.ts'
import { singleWriter } from '../../../functions/aws/runtime/item-writer.ts'
import { dynamoSessionStore } from '../../../functions/aws/sessions-table/session-store.ts'
import { memorySessionStore } from '../../../functions/memory/memory-stores.ts'
import { VersionConflictError } from '../../../functions/ports.ts'
import type { EmulatorName } from '../../../tools/conformance/aws-emulator.ts'
import { NO_CONDITION_OF_STATEMENT } from '../../conformance/unsupported.ts'
import { emulatedDynamo } from '../../support/emulated-dynamo.ts'
import { makeTables } from '../../support/tables.ts'
import { EXPIRES_MS, stateOf } from './session-samples.ts'
import { sessionStoreContract } from './session-store-contract.ts'

const emulated = emulatedDynamo()

sessionStoreContract('in memory', async () => memorySessionStore())

const ALL_WRITERS = [
  ['in requests of their own', (sender: DynamoDBClient) => singleWriter(sender)],
  ['in batches', (sender: DynamoDBClient) => batchingWriter(sender, singleWriter(sender))],
  ['in statements, though alone', (sender: DynamoDBClient) => batchingWriter(sender, singleWriter(sender), {}, 1)],
] as const
const checksStatements = !NO_CONDITION_OF_STATEMENT.includes(process.env.CONFORMANCE_EMULATOR as EmulatorName)
const WRITERS = checksStatements ? ALL_WRITERS : ALL_WRITERS.slice(0, 1)

for (const [how, writerOf] of WRITERS) {
  sessionStoreContract(`on DynamoDB, writing ${how}`, async () => {
    const table = sessionsSpec(`sessions-${randomUUID()}`)
    await makeTables([table], emulated.clients)
    return dynamoSessionStore(emulated.client, table.name, writerOf(writingClient(emulated.client)))
  })
}

describe.each(WRITERS)('a store that writes %s', (_, writerOf) => {
  it('writes many users at once, and reports each conflict to its own caller', async () => {
    const table = sessionsSpec(`sessions-${randomUUID()}`)
    await makeTables([table], emulated.clients)
    const store = dynamoSessionStore(emulated.client, table.name, writerOf(writingClient(emulated.client)))
    const users = Array.from({ length: 60 }, (_, n) => `user-${n}`)
    const states = new Map(users.map((user, n) => [user, stateOf(1, { skewMs: n })]))
    const save = (user: string) => store.saveUser(user, states.get(user) ?? stateOf(1), 0, EXPIRES_MS)
    await Promise.all(users.map(save))
    expect(await store.loadUsers(users)).toEqual(states)
    // Every other user is saved over a version that is no longer stored.
    const behind = (user: string, n: number) => store.saveUser(user, stateOf(n % 2 === 0 ? 2 : 1), n % 2, EXPIRES_MS)
    const outcomes = await Promise.allSettled(users.map(behind))
    expect(outcomes.map((each) => (each.status === 'rejected' ? each.reason : null))).toEqual(
      users.map((_, n) => (n % 2 === 0 ? expect.any(VersionConflictError) : null)),
    )
  })
})
