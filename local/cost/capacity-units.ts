// Computes the read and write units for sizes of items.

import { WRITE_UNIT_BYTES } from '../../functions/aws/runtime/item-bytes.ts'

export const READ_UNIT_BYTES = 4096

/** DynamoDB bills a write by the larger of the items before and after it. */
export function writeUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / WRITE_UNIT_BYTES))
}

/** A read that finds nothing costs as much as one of a small item. */
export function readUnits(bytes: number, isConsistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES)) * (isConsistent ? 1 : 0.5)
}
