// Types a list that always has an element, so that its first and last need no check.

export type NonEmpty<T> = readonly [T, ...T[]]

export function isNonEmpty<T>(list: readonly T[]): list is NonEmpty<T> {
  return list.length > 0
}

/**
 * Throws where the list is empty. Use it where a list is never empty but its type cannot show it.
 */
export function nonEmpty<T>(list: readonly T[]): NonEmpty<T> {
  if (!isNonEmpty(list)) throw new Error('a list that is never empty is empty')
  return list
}

export function lastOf<T>(list: NonEmpty<T>): T {
  return list[list.length - 1] as T
}
