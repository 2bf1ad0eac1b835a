// Checks whether users were split among variants as meant (M5).

import { chiSquareP } from './distributions.ts'

export interface SplitCheck {
  readonly chiSquare: number
  readonly p: number
  /** True where the split is so far off that something else than random draws made it. */
  readonly isBad: boolean
}

/** Rare enough for a check that is made of every comparison. */
const SPLIT_P_MIN = 0.001

/** Chi-square needs this many expected users of each variant. */
const EXPECTED_USERS_MIN = 5

/**
 * Returns null where too few users are expected in a variant.
 *
 * @param users how many users each variant has.
 * @param parts the meant parts, of any sum.
 */
export function checkSplit(users: readonly number[], parts: readonly number[]): SplitCheck | null {
  const usersOfAll = users.reduce((sum, count) => sum + count, 0)
  const whole = parts.reduce((sum, part) => sum + part, 0)
  const expected = parts.map((part) => (usersOfAll * part) / whole)
  if (expected.some((count) => count < EXPECTED_USERS_MIN)) return null
  const chiSquare = expected.reduce((sum, count, n) => sum + ((users[n] as number) - count) ** 2 / count, 0)
  const p = chiSquareP(chiSquare, parts.length - 1)
  return { chiSquare, p, isBad: p < SPLIT_P_MIN }
}
