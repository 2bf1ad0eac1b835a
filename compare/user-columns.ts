// Gathers the numerators and denominators of each user and variant in columns, and counts users
// with several variants.

import type { ComparedInput } from './comparison.ts'
import { effectiveUsers } from './effective-users.ts'

/** A million users of two variants take some 150 MB, most of it for their names. */
export const USERS_MAX = 1_000_000
/** Each variant has columns of its own for all users. */
export const VARIANTS_MAX = 10

export class TooManyUsersError extends Error {
  override readonly name = 'TooManyUsersError'
}

interface Columns {
  numerators: Float64Array
  denominators: Float64Array
  /** How many searches the user has, which may have no part in the denominator. */
  searches: Float64Array
}

const USERS_FIRST = 1024

export class UserColumns {
  readonly #users = new Map<string, number>()
  readonly #variants: ReadonlyMap<string, Columns>

  constructor(variants: readonly string[]) {
    const empty = (): Columns => ({
      numerators: new Float64Array(USERS_FIRST),
      denominators: new Float64Array(USERS_FIRST),
      searches: new Float64Array(USERS_FIRST),
    })
    this.#variants = new Map(variants.map((name) => [name, empty()]))
  }

  /** Adds a search. Returns false where its variant is not one of these. */
  add(user: string, variant: string, numerator: number, denominator: number): boolean {
    const columns = this.#variants.get(variant)
    if (columns === undefined) return false
    const index = this.#indexOf(user)
    if (index >= columns.searches.length) grow(columns, index)
    columns.numerators[index] = (columns.numerators[index] as number) + numerator
    columns.denominators[index] = (columns.denominators[index] as number) + denominator
    columns.searches[index] = (columns.searches[index] as number) + 1
    return true
  }

  get users(): number {
    return this.#users.size
  }

  /** The users with searches of more than one variant. */
  get usersOfSeveral(): number {
    return this.#counts().several
  }

  /** The users with searches of this variant alone, in the order of the variants. */
  get usersOfEach(): readonly number[] {
    return this.#counts().each
  }

  compared(): ComparedInput[] {
    return [...this.#variants].map(([name, columns]): ComparedInput => {
      const denominators = wholeOf(columns.denominators, this.users)
      return {
        name,
        searches: columns.searches.reduce((sum, count) => sum + count, 0),
        observations: { numerators: wholeOf(columns.numerators, this.users), denominators },
        effectiveUsers: effectiveUsers(denominators),
      }
    })
  }

  #counts(): { several: number; each: readonly number[] } {
    const searches = [...this.#variants.values()].map((columns) => columns.searches)
    const each = searches.map(() => 0)
    let several = 0
    for (let user = 0; user < this.users; user++) {
      const seen = searches.flatMap((ofVariant, n) => ((ofVariant[user] ?? 0) > 0 ? [n] : []))
      const [only] = seen
      if (seen.length > 1) several++
      else if (only !== undefined) each[only] = (each[only] as number) + 1
    }
    return { several, each }
  }

  #indexOf(user: string): number {
    const known = this.#users.get(user)
    if (known !== undefined) return known
    if (this.#users.size === USERS_MAX) throw new TooManyUsersError(`there are more than ${USERS_MAX} users`)
    this.#users.set(user, this.#users.size)
    return this.#users.size - 1
  }
}

function grow(columns: Columns, index: number): void {
  const length = Math.min(USERS_MAX, Math.max(2 * columns.searches.length, index + 1))
  columns.numerators = wholeOf(columns.numerators, length)
  columns.denominators = wholeOf(columns.denominators, length)
  columns.searches = wholeOf(columns.searches, length)
}

/** Returns the values with zeros up to the length, or without what is beyond it. */
function wholeOf(values: Float64Array, length: number): Float64Array {
  const whole = new Float64Array(length)
  whole.set(values.subarray(0, length))
  return whole
}
