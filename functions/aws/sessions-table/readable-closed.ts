// Reads a closed session, and leaves out one whose item is damaged.

import type { ClosedSession } from '../../domain/results/result.ts'
import { UnreadableItemError } from '../../ports.ts'
import type { Item } from '../runtime/table-items.ts'
import { readClosed } from './session-items.ts'

/** Returns no session for a tombstone or a damaged item. */
export function readableClosed(item: Item): ClosedSession[] {
  try {
    const closed = readClosed(item)
    return closed === null ? [] : [closed]
  } catch (error) {
    if (error instanceof UnreadableItemError) return []
    throw error
  }
}
