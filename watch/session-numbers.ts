// Numbers sessions, so that the page can name one without its user and id.

import type { Session } from '../functions/domain/sessions/session.ts'

/** A session that is forgotten here gets another number when it changes again. */
const IDS_MAX = 40_000

export interface SessionNumbers {
  /** Returns the number of a session; it stays while the session grows, closes or opens again. */
  of(user: string, ids: Session['ids']): number
  /** Returns the number of the session that a numbered session is part of now. */
  latest(number: number): number
}

export function sessionNumbers(): SessionNumbers {
  const numbers = new Map<string, number>()
  const mergedInto = new Map<number, number>()
  let last = 0
  return {
    of: (user, ids) => {
      const keys = ids.map((id) => sessionKey(user, id))
      const known = keys.flatMap((key) => numbers.get(key) ?? [])
      const number = known[0] ?? ++last
      for (const other of known) if (other !== number) mergedInto.set(other, number)
      for (const key of keys) numbers.set(key, number)
      trim(numbers, IDS_MAX)
      trim(mergedInto, IDS_MAX)
      return number
    },
    latest: (number) => mergedInto.get(number) ?? number,
  }
}

export function sessionKey(user: string, id: string): string {
  return JSON.stringify([user, id])
}

/** Removes the oldest entries above the limit, and returns their number. */
export function trim<K>(map: Map<K, unknown>, entriesMax: number): number {
  let removed = 0
  for (const key of map.keys()) {
    if (map.size <= entriesMax) break
    map.delete(key)
    removed++
  }
  return removed
}
