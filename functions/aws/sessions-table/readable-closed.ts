// Reads closed sessions and states, and leaves out those whose item is damaged.

import type { ClosedSession } from '../../domain/results/result.ts'
import type { UserState } from '../../domain/sessions/user-state.ts'
import { UnreadableItemError } from '../../ports.ts'
import type { Item } from '../runtime/table-items.ts'
import { blockNames, readClosed, readState } from './session-items.ts'

/** Returns no session for a tombstone or a damaged item. */
export function readableClosed(item: Item): ClosedSession[] {
  const closed = readable(() => readClosed(item))
  return closed === null ? [] : [closed]
}

/** Returns null for a damaged item, and `in-blocks` where the item has only some of the events. */
export function readableState(item: Item): UserState | 'in-blocks' | null {
  return readable(() => (blockNames(item).length > 0 ? 'in-blocks' : readState(item)))
}

function readable<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof UnreadableItemError) return null
    throw error
  }
}
