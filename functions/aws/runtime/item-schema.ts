// Refuses items of the sessions table that newer code wrote in a shape unknown to this code.

/** The attribute that names an item's shape. Every item of the sessions table has it. */
export const SCHEMA = 'schema'

/**
 * The shape that this code writes. Raise it when older code would misread the new items. An
 * attribute that older code may ignore needs no new number.
 */
export const ITEM_SCHEMA = 1

/**
 * Throws for an item of a newer shape, or without a shape. During a deployment, the function's
 * event source mapping then retries the batch until the newer code runs.
 */
export function checkSchema(item: Readonly<Record<string, unknown>>): void {
  const schema = item[SCHEMA]
  if (typeof schema === 'number' && schema <= ITEM_SCHEMA) return
  throw new Error(`an item of the sessions table has schema ${schema}; this code reads up to schema ${ITEM_SCHEMA}`)
}
