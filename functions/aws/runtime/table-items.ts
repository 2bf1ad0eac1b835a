// Defines what the items of both tables share: key, user partition and expiry.

import { EXPIRES_AT, type PARTITION_KEY, type SORT_KEY } from '../../contract.ts'

export type Item = Record<string, unknown>
export type Key = { [PARTITION_KEY]: string; [SORT_KEY]: string }

export const USER_PREFIX = 'user#'

/** Returns the partition of the sessions table that holds all items of the user. */
export function userPartition(user: string): string {
  return USER_PREFIX + user
}

/**
 * Converts to the unit of `expires_at`. DynamoDB reads that attribute in seconds, and takes
 * milliseconds for a time thousands of years ahead. Rounds up, so that no item expires early.
 */
export function epochSeconds(timeMs: number): number {
  return Math.ceil(timeMs / 1000)
}

/** Returns whether DynamoDB may delete the item already. It keeps some expired items for days. */
export function hasExpired(item: Item, nowMs: number): boolean {
  const expiresAt = item[EXPIRES_AT]
  return typeof expiresAt === 'number' && expiresAt * 1000 < nowMs
}
