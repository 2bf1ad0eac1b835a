// Reads states together with their blocks from DynamoDB, and writes and erases blocks.

import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb'
import pMap from 'p-map'
import { PARTITION_KEY, SORT_KEY } from '../../contract.ts'
import { DELIVERY_MS_MAX } from '../../domain/sessions/closing.ts'
import type { UserState } from '../../domain/sessions/user-state.ts'
import { UnreadableItemError } from '../../ports.ts'
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
  versionOf,
} from './session-items.ts'

const WRITES_AT_ONCE = 4
/**
 * An eventual read may miss a new block. A block may also be erased between two reads, when its
 * user is forgotten; the next read then finds a newer state.
 */
const TRIES_MAX = 3

/**
 * Returns the states of the users, without users who have none. Leaves out a user whose state or
 * blocks cannot be read, so that the others need not wait; for a single user, throws. The caller
 * takes a user who is left out for new. The write then fails on the stored version, and the user is
 * read alone.
 *
 * @param known receives the names of the blocks that were read.
 * @param isConsistent false for states that may be older than the stored ones, at half the price.
 */
export async function loadStates(
  client: DynamoDBDocumentClient,
  table: string,
  users: readonly string[],
  known: KnownBlocks,
  retries: Partial<Retries>,
  isConsistent: boolean,
): Promise<ReadonlyMap<string, UserState>> {
  const states = new Map<string, UserState>()
  let unread = [...users]
  for (let tries = 0; unread.length > 0; tries++) {
    if (tries === TRIES_MAX) {
      if (users.length === 1) throw new UnreadableItemError('blocks of a state are missing')
      return states
    }
    const items = await batchGet(client, table, unread.map(stateKey), isConsistent || tries > 0, retries)
    const named = items.flatMap((item) => {
      const names = unlessUnreadable(users, () => blockNames(item))
      return names === null ? [] : [{ item, user: userOf(item), names }]
    })
    // A block never changes, so an eventual read is safe and costs half: it returns the block, or
    // nothing yet.
    const blocks = await loadBlocks(client, table, named, tries > 0, retries)
    unread = []
    for (const { item, user, names } of named) {
      const parts = names.flatMap((name): Item[] => blocks.get(keyText(user, name)) ?? [])
      if (parts.length < names.length) {
        unread.push(user)
        continue
      }
      const state = unlessUnreadable(users, () => {
        const read = parts.map(readBlock)
        for (const { name, events } of read) known.set(events[0], name)
        return readState(item, read)
      })
      if (state !== null) states.set(user, state)
    }
  }
  return states
}

/** Returns null in place of an error, unless it is that of a single user. */
function unlessUnreadable<T>(users: readonly string[], read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (users.length === 1) throw error
    return null
  }
}

/** Returns the item of each block by `keyText`. */
async function loadBlocks(
  client: DynamoDBDocumentClient,
  table: string,
  states: readonly { readonly user: string; readonly names: readonly string[] }[],
  isConsistent: boolean,
  retries: Partial<Retries>,
): Promise<ReadonlyMap<string, [Item]>> {
  const keys = states.flatMap(({ user, names }) => [...new Set(names)].map((name) => blockKey(user, name)))
  const items = await batchGet(client, table, keys, isConsistent, retries)
  return new Map(items.map((item) => [keyText(userOf(item), blockNameOf(item)), [item]]))
}

function keyText(user: string, name: string): string {
  return JSON.stringify([user, name])
}

/**
 * Writes the blocks of a new state that are not known to be stored. They expire later than any
 * session that needs them can be open. Puts none when another state than `baseVersion` is stored.
 * The save of the new state then fails. A block holds events of earlier states, and the user may
 * be forgotten by now.
 */
export async function putBlocks(
  client: DynamoDBDocumentClient,
  table: string,
  user: string,
  blocks: readonly Block[],
  known: KnownBlocks,
  baseVersion: number,
  expiresAtMs: number,
): Promise<void> {
  const unknown = blocks.filter(({ name, events }) => known.get(events[0]) !== name)
  if (unknown.length === 0) return
  const [stored = {}] = await batchGet(client, table, [stateKey(user)], true)
  if (versionOf(stored) !== baseVersion) return
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
