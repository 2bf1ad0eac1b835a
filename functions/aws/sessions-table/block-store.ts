// Reads states together with their blocks from DynamoDB, and writes and erases blocks.

import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb'
import pMap from 'p-map'
import { PARTITION_KEY, SORT_KEY } from '../../contract.ts'
import { DELIVERY_MS_MAX } from '../../domain/sessions/closing.ts'
import type { UserState } from '../../domain/sessions/user-state.ts'
import type { Retries } from '../runtime/pauses.ts'
import { type Item, userPartition } from '../runtime/table-items.ts'
import { batchGet } from './batch-get.ts'
import { type Block, type KnownBlocks, versionOfBlock } from './session-blocks.ts'
import {
  BLOCK_PREFIX,
  blockItem,
  blockKey,
  blockNameOf,
  blockNames,
  readBlock,
  readState,
  stateKey,
  userOf,
} from './session-items.ts'

const WRITES_AT_ONCE = 4
/**
 * An eventual read may miss a new block. A block may also be erased between two reads, when its
 * user is forgotten; the next read then finds a newer state.
 */
const TRIES_MAX = 3

/**
 * Returns the states of the users, without users who have none. Leaves out a user whose blocks stay
 * missing, so that the others need not wait; for a single user, throws.
 *
 * @param known receives the names of the blocks that were read.
 */
export async function loadStates(
  client: DynamoDBDocumentClient,
  table: string,
  users: readonly string[],
  known: KnownBlocks,
  retries: Partial<Retries>,
): Promise<ReadonlyMap<string, UserState>> {
  const states = new Map<string, UserState>()
  let unread = [...users]
  for (let tries = 0; unread.length > 0; tries++) {
    if (tries === TRIES_MAX) {
      if (users.length === 1) throw new Error('blocks of a state are missing')
      // The caller takes the user for new. The write then fails on the stored version, and the user
      // is read alone.
      return states
    }
    const items = await batchGet(client, table, unread.map(stateKey), true, retries)
    // A block never changes, so an eventual read is safe and costs half: it returns the block, or
    // nothing yet.
    const blocks = await loadBlocks(client, table, items, tries > 0, retries)
    unread = []
    for (const item of items) {
      const parts = blockNames(item).flatMap((name) => blocks.get(keyText(userOf(item), name)) ?? [])
      if (parts.length < blockNames(item).length) {
        unread.push(userOf(item))
        continue
      }
      for (const { name, events } of parts) known.set(events[0], name)
      states.set(userOf(item), readState(item, parts))
    }
  }
  return states
}

/** Returns the blocks of the states by `keyText`. */
async function loadBlocks(
  client: DynamoDBDocumentClient,
  table: string,
  states: readonly Item[],
  isConsistent: boolean,
  retries: Partial<Retries>,
): Promise<ReadonlyMap<string, Block>> {
  const keys = states.flatMap((item) => [...new Set(blockNames(item))].map((name) => blockKey(userOf(item), name)))
  const items = await batchGet(client, table, keys, isConsistent, retries)
  return new Map(items.map((item) => [keyText(userOf(item), blockNameOf(item)), readBlock(item)]))
}

function keyText(user: string, name: string): string {
  return JSON.stringify([user, name])
}

/**
 * Writes the blocks that are not known to be stored. They expire later than any session that needs
 * them can be open.
 */
export async function putBlocks(
  client: DynamoDBDocumentClient,
  table: string,
  user: string,
  blocks: readonly Block[],
  known: KnownBlocks,
  expiresAtMs: number,
): Promise<void> {
  const unknown = blocks.filter(({ name, events }) => known.get(events[0]) !== name)
  const put = async (block: Block): Promise<void> => {
    const item = blockItem(user, block, expiresAtMs + DELIVERY_MS_MAX)
    await client.send(new PutCommand({ TableName: table, Item: item }))
    known.set(block.events[0], block.name)
  }
  await pMap(unknown, put, { concurrency: WRITES_AT_ONCE })
}

/** Deletes the blocks that were first written with a state of this version or an earlier one. */
export async function eraseBlocks(
  client: DynamoDBDocumentClient,
  table: string,
  user: string,
  version: number,
): Promise<void> {
  const query = {
    TableName: table,
    KeyConditionExpression: '#pk = :pk AND begins_with(#sk, :block)',
    ProjectionExpression: '#pk, #sk',
    ExpressionAttributeNames: { '#pk': PARTITION_KEY, '#sk': SORT_KEY },
    ExpressionAttributeValues: { ':pk': userPartition(user), ':block': BLOCK_PREFIX },
    ConsistentRead: true,
  }
  for await (const { Items: items } of paginateQuery({ client }, query)) {
    const names = (items ?? []).map(blockNameOf).filter((name) => versionOfBlock(name) <= version)
    await pMap(names, (name) => client.send(new DeleteCommand({ TableName: table, Key: blockKey(user, name) })), {
      concurrency: WRITES_AT_ONCE,
    })
  }
}
