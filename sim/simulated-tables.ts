// Shows the stores of a run as the items of two tables, so that the real stores can write to them.

import { toRow } from '../functions/aws/results-table/result-items.ts'
import type { VersionedItem } from '../functions/aws/runtime/item-writer.ts'
import { type Item, USER_PREFIX } from '../functions/aws/runtime/table-items.ts'
import {
  BLOCK_PREFIX,
  blockNames,
  CLOSED_PREFIX,
  readBlock,
  readClosed,
  readState,
  stateItem,
  tombstoneItem,
} from '../functions/aws/sessions-table/session-items.ts'
import { EXPIRES_AT, KIND, REMOVED } from '../functions/contract.ts'
import { SECOND_MS } from '../functions/domain/durations.ts'
import type { UserState } from '../functions/domain/sessions/user-state.ts'
import type { MemoryResultStore, MemorySessionStore } from '../functions/memory/memory-stores.ts'

export const SESSIONS_TABLE = 'sessions'
export const RESULTS_TABLE = 'results'

export interface SimulatedTable {
  readonly name: string
  /** Returns the stored item, or what a writer needs to know of it. */
  stored(key: Item): VersionedItem | undefined
  /** Replaces whatever is stored under the key of the item. */
  put(item: VersionedItem): Promise<void>
}

/** By name. */
export type SimulatedTables = Readonly<Record<string, SimulatedTable>>

/** @param name a table, or an alias such as `results#1`: DynamoDB takes an ARN for a name, too. */
export function tableOf(tables: SimulatedTables, name: string | undefined): SimulatedTable {
  const table = tables[String(name).replace(/#.*/, '')]
  if (table === undefined) throw new Error(`there is no table ${name}`)
  return table
}

export function simulatedTables(sessions: MemorySessionStore, results: MemoryResultStore): SimulatedTables {
  return { [SESSIONS_TABLE]: sessionsTable(sessions), [RESULTS_TABLE]: resultsTable(results) }
}

function sessionsTable(sessions: MemorySessionStore): SimulatedTable {
  const blocks = new Map<string, Item>()
  /** The items of states that were written as items. */
  const items = new WeakMap<UserState, VersionedItem>()
  const blockKey = (user: string, name: string): string => JSON.stringify([user, name])
  const putState = async (user: string, item: VersionedItem): Promise<void> => {
    const read = blockNames(item).map((name) => {
      const block = blocks.get(blockKey(user, name))
      if (block === undefined) throw new Error(`a state names the block ${name}, which is not stored`)
      return readBlock(block)
    })
    const state = readState(item, read)
    items.set(state, item)
    await sessions.saveUser(user, state, sessions.states.get(user)?.version ?? 0, expiryOf(item))
  }
  return {
    name: SESSIONS_TABLE,
    stored: (key) => {
      const { user, sk } = keyOf(key)
      if (sk.startsWith(CLOSED_PREFIX)) {
        const id = sk.slice(CLOSED_PREFIX.length)
        const closed = sessions.closed.get(JSON.stringify([user, id]))
        return closed && tombstoneItem(user, id, closed.version, closed.expiresAtMs)
      }
      const state = sessions.states.get(user)
      return state && (items.get(state) ?? stateItem(user, state, 0))
    },
    put: async (item) => {
      const { user, sk } = keyOf(item)
      if (sk.startsWith(BLOCK_PREFIX)) blocks.set(blockKey(user, sk.slice(BLOCK_PREFIX.length)), item)
      else if (!sk.startsWith(CLOSED_PREFIX)) await putState(user, item)
      else {
        const closed = readClosed(item)
        if (closed !== null) await sessions.putClosed(closed, expiryOf(item))
        else await sessions.putTombstone(user, sk.slice(CLOSED_PREFIX.length), item.version, expiryOf(item))
      }
    },
  }
}

/** All partitions that the functions write by statements are those of users. */
export function keyOf({ pk, sk }: Item): { readonly user: string; readonly sk: string } {
  return { user: String(pk).slice(USER_PREFIX.length), sk: String(sk) }
}

/** Zero for a state with an open session, which never expires. */
function expiryOf(item: Item): number {
  return Number(item[EXPIRES_AT] ?? 0) * SECOND_MS
}

function resultsTable(results: MemoryResultStore): SimulatedTable {
  return {
    name: RESULTS_TABLE,
    stored: ({ pk, sk }) => {
      const key = JSON.stringify([pk, sk])
      const version = results.rows.get(key)?.version ?? results.tombstones.get(key)
      return version === undefined ? undefined : { pk, sk, version }
    },
    put: async (item) => {
      const row = toRow(item)
      if (item[KIND] === REMOVED) await results.remove(row, expiryOf(item))
      else await results.put(row, expiryOf(item))
    },
  }
}
