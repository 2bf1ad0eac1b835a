// Refuses items that newer code wrote in a shape unknown to this code, and items that are damaged.

import { UnreadableItemError } from '../../ports.ts'

/** The attribute that names an item's shape. Every item of the sessions table has it. */
export const SCHEMA = 'schema'

/**
 * The shape that this code writes. Raise it when older code would misread the new items. An
 * attribute that older code may ignore needs no new number.
 */
export const ITEM_SCHEMA = 1

/** Newer code wrote the item, and can read it. */
export class NewerItemError extends Error {
  override readonly name = 'NewerItemError'
}

/**
 * Throws NewerItemError for an item of a newer shape. During a deployment, the function's event
 * source mapping then retries the batch until the newer code runs. Throws UnreadableItemError for
 * an item without a shape.
 */
export function checkSchema(item: Readonly<Record<string, unknown>>): void {
  const schema = item[SCHEMA]
  if (typeof schema === 'number' && schema <= ITEM_SCHEMA) return
  throw unknownShape('an item of the sessions table has schema', schema, 'up to schema', ITEM_SCHEMA)
}

/** Returns NewerItemError for a number above `known`, and UnreadableItemError for anything else. */
export function unknownShape(what: string, shape: unknown, reads: string, known: number): Error {
  const message = `${what} ${shape}; this code reads ${reads} ${known}`
  return typeof shape === 'number' && shape > known ? new NewerItemError(message) : new UnreadableItemError(message)
}

/**
 * Returns what `read` reads of an item. Throws UnreadableItemError in place of any error but
 * NewerItemError. Other messages may quote the item: those of `JSON.parse` do.
 */
export function readItem<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof NewerItemError || error instanceof UnreadableItemError) throw error
    throw new UnreadableItemError(`${what} cannot be read: ${error instanceof Error ? error.name : typeof error}`)
  }
}
