// SessionStore on DynamoDB: states and closed sessions in, conditional writes and consistent reads out.

import { ConditionalCheckFailedException, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb'
import { type SessionStore, VersionConflictError } from '../../ports.ts'
import { checkSchema } from '../runtime/item-schema.ts'
import { eraseBlocks, loadStates, putBlocks } from './block-store.ts'
import { queryNeighbours, queryVersions } from './closed-queries.ts'
import { type KnownBlocks, setApart } from './session-blocks.ts'
import { closedItem, closedKey, type Item, stateItem, tombstoneItem, versionOf } from './session-items.ts'

/** Takes the client's own commands, as a document client does too. */
export type Writer = Pick<DynamoDBClient, 'send'>

/** @param writer sends the conditional writes, which are nearly all there is to do. */
export function dynamoSessionStore(
  client: DynamoDBDocumentClient,
  table: string,
  writer: Writer = client,
): SessionStore {
  const known: KnownBlocks = new WeakMap()
  return {
    loadUsers: (users) => loadStates(client, table, users, known),

    loadClosed: (user, range) => queryNeighbours(client, table, user, range),

    saveUser: async (user, state, baseVersion, expiresAtMs) => {
      const apart = setApart(state.open, state.version, known)
      // First: a state is never without its blocks, and blocks without a state are nobody's.
      await putBlocks(client, table, user, apart.blocks, known, expiresAtMs)
      const item = stateItem(user, state, expiresAtMs, apart)
      const condition = baseVersion === 0 ? 'attribute_not_exists(pk)' : '#version = :version'
      const stored = await putIf(writer, table, item, condition, baseVersion)
      // A write whose reply was lost is retried by the client, and then fails on its own success.
      if (stored !== null && !isSameState(stored, item)) throw new VersionConflictError(user, versionOf(stored))
    },

    putClosed: async (closed, expiresAtMs) => {
      await putNewer(writer, table, closed.user, closedItem(closed, expiresAtMs))
    },

    putTombstone: async (user, id, version, expiresAtMs) => {
      await putNewer(writer, table, user, tombstoneItem(user, id, version, expiresAtMs))
    },

    closedVersion: async (user, id) => {
      const command = new GetCommand({ TableName: table, Key: closedKey(user, id), ConsistentRead: true })
      const { Item: item } = await client.send(command)
      if (item === undefined) return null
      checkSchema(item)
      return versionOf(item)
    },

    closedVersions: (user) => queryVersions(client, table, user),

    eraseBlocks: (user, version) => eraseBlocks(client, table, user, version),
  }
}

/** Null when written, else the item that the condition failed on. */
async function putIf(
  writer: Writer,
  table: string,
  item: Item,
  condition: string,
  version: number,
): Promise<Item | null> {
  const usesVersion = condition.includes(':version')
  try {
    await writer.send(
      new PutItemCommand({
        TableName: table,
        Item: marshall(item, { removeUndefinedValues: true }),
        ConditionExpression: condition,
        ...(usesVersion && {
          ExpressionAttributeNames: { '#version': 'version' },
          ExpressionAttributeValues: { ':version': { N: String(version) } },
        }),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    )
    return null
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error
    return error.Item === undefined ? {} : unmarshall(error.Item)
  }
}

async function putNewer(writer: Writer, table: string, user: string, item: Item): Promise<void> {
  const version = versionOf(item)
  const stored = await putIf(writer, table, item, 'attribute_not_exists(pk) OR #version < :version', version)
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
    bytes(stored.sessions).equals(bytes(item.sessions))
  )
}
