// Computes the size of an item as DynamoDB counts it, and the units for sizes.

import type { Item } from '../../functions/aws/runtime/table-items.ts'

const WRITE_UNIT_BYTES = 1024
export const READ_UNIT_BYTES = 4096
/** A list or a map takes three bytes, and one for each of its elements. */
const COLLECTION_BYTES = 3

/** Counts the names and the values. An attribute whose value is undefined is not stored. */
export function itemBytes(item: Item): number {
  let bytes = 0
  for (const [name, value] of Object.entries(item)) {
    if (value !== undefined) bytes += Buffer.byteLength(name) + valueBytes(value)
  }
  return bytes
}

/** DynamoDB bills a write by the larger of the items before and after it. */
export function writeUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / WRITE_UNIT_BYTES))
}

/** A read that finds nothing costs as much as one of a small item. */
export function readUnits(bytes: number, isConsistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES)) * (isConsistent ? 1 : 0.5)
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
