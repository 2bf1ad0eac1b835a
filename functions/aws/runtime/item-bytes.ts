// Computes the size of an item as DynamoDB counts it.

import type { Item } from './table-items.ts'

/** DynamoDB bills a write unit for each begun KB of an item. */
export const WRITE_UNIT_BYTES = 1024
/** A list or a map takes three bytes, and one for each of its elements. */
const COLLECTION_BYTES = 3

/** Counts the names and the values. An attribute whose value is undefined is not stored. */
export function itemBytes(item: Item): number {
  return bytesWith(item, 'no-attribute')
}

/** Counts an item that an UPDATE writes: it stores NULL where a value is undefined. */
export function updatedItemBytes(item: Item): number {
  return bytesWith(item, 'null')
}

function bytesWith(item: Item, undefinedIs: 'no-attribute' | 'null'): number {
  let bytes = 0
  for (const [name, value] of Object.entries(item)) {
    if (value !== undefined || undefinedIs === 'null') bytes += Buffer.byteLength(name) + valueBytes(value ?? null)
  }
  return bytes
}

function valueBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (typeof value === 'number') return numberBytes(value)
  if (value instanceof Uint8Array) return value.length
  if (value === null || typeof value === 'boolean') return 1
  const elements = Array.isArray(value) ? value : Object.entries(value as object).flat()
  return elements.reduce((bytes: number, element) => bytes + 1 + valueBytes(element), COLLECTION_BYTES)
}

/** DynamoDB stores two digits in a byte, one byte more, and the sign of a negative number. */
function numberBytes(value: number): number {
  const digits = String(Math.abs(value))
    .replace(/e.*|\./g, '')
    .replace(/^0+|0+$/g, '')
  return Math.ceil(digits.length / 2) + 1 + (value < 0 ? 1 : 0)
}
