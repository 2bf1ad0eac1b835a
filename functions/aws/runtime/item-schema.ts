// What shape an item of the sessions table has: an item in, nothing out, and an error where this code is too old for it.

/** The attribute that names the shape. Items from before it was written have shape 1. */
export const SCHEMA = 'schema'

/**
 * Raised when an item could be misread by code from before the change; an attribute that such code may ignore needs no
 * new one.
 */
export const ITEM_SCHEMA = 2
/** Of a state that holds a part of its sessions in blocks only. */
export const BLOCKS_SCHEMA = 3

/** Throws for an item of later code: the function's mapping tries again until that code is there. */
export function checkSchema(item: Readonly<Record<string, unknown>>): void {
  const schema = item[SCHEMA] ?? 1
  if (typeof schema === 'number' && schema <= BLOCKS_SCHEMA) return
  throw new Error(`an item of the sessions table has schema ${schema}, and this code reads up to ${BLOCKS_SCHEMA}`)
}
