// Stores states, closed sessions and tombstones, and refuses to overwrite newer versions.

import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { marshall } from '@aws-sdk/util-dynamodb'
import { type SessionStore, VersionConflictError } from '../../ports.ts'
import { storedInstead, unlessNewer } from '../runtime/conditional-write.ts'
import { checkSchema } from '../runtime/item-schema.ts'
import type { Retries } from '../runtime/pauses.ts'
import { hasExpired, type Item } from '../runtime/table-items.ts'
import { eraseBlocks, loadStates, putBlocks } from './block-store.ts'
import { queryNeighbours, queryVersions } from './closed-queries.ts'
import { type KnownBlocks, splitSessions } from './session-blocks.ts'
import { closedItem, closedKey, stateItem, tombstoneItem, versionOf } from './session-items.ts'

/** Sends commands of the plain client. A document client takes those, too. */
export type Writer = Pick<DynamoDBClient, 'send'>

/**
 * @param writer sends the conditional writes, which are most of the requests.
 * @param retries how long to ask again for states that a throttled table leaves out.
 */
export function dynamoSessionStore(
  client: DynamoDBDocumentClient,
  table: string,
  writer: Writer = client,
  retries: Partial<Retries> = {},
): SessionStore {
  const known: KnownBlocks = new WeakMap()
  return {
    loadUsers: (users) => loadStates(client, table, users, known, retries),

    loadClosed: (user, range) => queryNeighbours(client, table, user, range),

    saveUser: async (user, state, baseVersion, expiresAtMs) => {
      const split = splitSessions(state.open, state.version, known)
      // The blocks come first: a state must never name a block that is not stored. Blocks without a
      // state only expire.
      await putBlocks(client, table, user, split.blocks, known, expiresAtMs)
      const item = stateItem(user, state, expiresAtMs, split)
      const stored = await putIf(writer, table, item, baseVersion === 0 ? ifNew() : ifAt(baseVersion))
      // The client retries a write whose answer was lost. The retry then fails on the state that it
      // has written itself.
      if (stored !== null && !isSameState(stored, item)) throw new VersionConflictError(user, versionOf(stored))
    },

    putClosed: async (closed, expiresAtMs) => {
      await putUnlessNewer(writer, table, closed.user, closedItem(closed, expiresAtMs))
    },

    putTombstone: async (user, id, version, expiresAtMs) => {
      await putUnlessNewer(writer, table, user, tombstoneItem(user, id, version, expiresAtMs))
    },

    closedVersion: async (user, id, nowMs) => {
      const command = new GetCommand({ TableName: table, Key: closedKey(user, id), ConsistentRead: true })
      const { Item: item } = await client.send(command)
      if (item === undefined) return null
      checkSchema(item)
      return hasExpired(item, nowMs) ? null : versionOf(item)
    },

    closedVersions: (user) => queryVersions(client, table, user),

    eraseBlocks: (user, version) => eraseBlocks(client, table, user, version),
  }
}

interface Condition {
  readonly ConditionExpression: string
  readonly ExpressionAttributeNames?: Record<string, string>
  readonly ExpressionAttributeValues?: Record<string, unknown>
}

function ifNew(): Condition {
  return { ConditionExpression: 'attribute_not_exists(pk)' }
}

function ifAt(version: number): Condition {
  return {
    ConditionExpression: '#version = :version',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':version': version },
  }
}

/** Returns null once the item is written, else the stored item. */
function putIf(writer: Writer, table: string, item: Item, condition: Condition): Promise<Item | null> {
  const { ExpressionAttributeValues: values, ...expression } = condition
  const command = new PutItemCommand({
    TableName: table,
    Item: marshall(item, { removeUndefinedValues: true }),
    ...expression,
    ...(values !== undefined && { ExpressionAttributeValues: marshall(values) }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  })
  return storedInstead(writer.send(command))
}

/** Succeeds when this version is stored already. */
async function putUnlessNewer(writer: Writer, table: string, user: string, item: Item): Promise<void> {
  const version = versionOf(item)
  const stored = await putIf(writer, table, item, unlessNewer('version', version))
  if (stored !== null && versionOf(stored) > version) throw new VersionConflictError(user, versionOf(stored))
}

function isSameState(stored: Item, item: Item): boolean {
  const bytes = (binary: unknown): Buffer => Buffer.from((binary ?? []) as Uint8Array)
  return (
    stored.version === item.version &&
    stored.skew === item.skew &&
    stored.last_affecting_time === item.last_affecting_time &&
    stored.forgotten_at === item.forgotten_at &&
    stored.forgotten_until === item.forgotten_until &&
    bytes(stored.pending_tombstones).equals(bytes(item.pending_tombstones)) &&
    bytes(stored.blocks).equals(bytes(item.blocks)) &&
    bytes(stored.closed_ids).equals(bytes(item.closed_ids)) &&
    bytes(stored.sessions).equals(bytes(item.sessions))
  )
}
