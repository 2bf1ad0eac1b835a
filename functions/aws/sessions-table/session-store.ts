// Stores states, closed sessions and tombstones, and refuses to overwrite newer versions.

import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { type SessionStore, VersionConflictError } from '../../ports.ts'
import { checkSchema } from '../runtime/item-schema.ts'
import { type ItemWriter, singleWriter, type VersionedItem } from '../runtime/item-writer.ts'
import type { Retries } from '../runtime/pauses.ts'
import { hasExpired, type Item } from '../runtime/table-items.ts'
import { eraseBlocks, loadStates, putBlocks } from './block-store.ts'
import { queryNeighbours, queryVersions } from './closed-queries.ts'
import { type KnownBlocks, splitSessions } from './session-blocks.ts'
import { closedItem, closedKey, stateItem, tombstoneItem, versionOf } from './session-items.ts'

export interface DynamoSessionStore extends SessionStore {
  /**
   * As `loadUsers`, but at half the price: the states may be older than the stored ones, and users
   * may be missing who have a state.
   */
  readonly loadUsersEventually: SessionStore['loadUsers']
}

/**
 * @param writer sends the conditional writes.
 * @param retries how long to ask again for states that a throttled table leaves out.
 */
export function dynamoSessionStore(
  client: DynamoDBDocumentClient,
  table: string,
  writer: ItemWriter = singleWriter(client),
  retries: Partial<Retries> = {},
): DynamoSessionStore {
  const known: KnownBlocks = new WeakMap()
  return {
    loadUsers: (users) => loadStates(client, table, users, known, retries, true),

    loadUsersEventually: (users) => loadStates(client, table, users, known, retries, false),

    loadClosed: (user, range) => queryNeighbours(client, table, user, range),

    saveUser: async (user, state, baseVersion, expiresAtMs) => {
      const split = splitSessions(state.open, state.version, known)
      // The blocks come first: a state must never name a block that is not stored. Blocks without a
      // state only expire.
      await putBlocks(client, table, user, split.blocks, known, baseVersion, expiresAtMs)
      const item = stateItem(user, state, expiresAtMs, split)
      const stored = await writer.put(table, item, baseVersion === 0 ? 'new' : { at: baseVersion })
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

/** Succeeds when this version is stored already. */
async function putUnlessNewer(writer: ItemWriter, table: string, user: string, item: VersionedItem): Promise<void> {
  const { version } = item
  const stored = await writer.put(table, item, 'newer')
  if (stored !== null && versionOf(stored) > version) throw new VersionConflictError(user, versionOf(stored))
}

function isSameState(stored: Item, item: Item): boolean {
  const bytes = (value: unknown): Buffer => Buffer.from((value ?? []) as Uint8Array)
  // NULL is stored for an attribute without a value.
  const isSame = (name: string): boolean => (stored[name] ?? null) === (item[name] ?? null)
  return (
    isSame('version') &&
    isSame('skew') &&
    isSame('last_affecting_time') &&
    isSame('forgotten_at') &&
    isSame('forgotten_until') &&
    bytes(stored.pending_tombstones).equals(bytes(item.pending_tombstones)) &&
    bytes(stored.blocks).equals(bytes(item.blocks)) &&
    bytes(stored.closed_ids).equals(bytes(item.closed_ids)) &&
    bytes(stored.sessions).equals(bytes(item.sessions))
  )
}
