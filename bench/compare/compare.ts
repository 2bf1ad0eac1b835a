// Measures how often equal variants seem to differ, how often different ones do, and how often a
// wrong split of users is found.

import { EFFECTIVE_USERS_MIN } from '../../compare/effective-users.ts'
import { checkSplit } from '../../compare/split-check.ts'
import { type Draws, drawsOf } from './draws.ts'
import { HEAVY_DIFFER, KINDS, type LogKind, TRAPS } from './log-kinds.ts'
import { type Compared, simulateTest, type TestOutcome } from './simulated-test.ts'

export interface FoundShares {
  readonly kind: string
  readonly users: number
  readonly tests: number
  /** The share of all tests with p < 0.05, by the z-test. */
  readonly bySearch: number
  readonly byBuckets: SpokenShares
  readonly byUser: SpokenShares
}

export interface SpokenShares {
  /** The share of the tests that are refused for too few effective users. */
  readonly refused: number
  /** The share of the other tests that state a difference. Null where they are too few. */
  readonly found: number | null
}

/** Intervals that miss the true difference of 0, of tests with so many effective users. */
export interface FoundByUsers {
  /** Inclusive. */
  readonly from: number
  /** Exclusive. Null without an end. */
  readonly to: number | null
  readonly byBuckets: RangeShare
  readonly byUser: RangeShare
}

export interface RangeShare {
  readonly tests: number
  readonly found: number | null
}

export interface CompareReport {
  /** Equal variants, so that each found difference is a false alarm. */
  readonly equal: readonly FoundShares[]
  readonly few: readonly FoundShares[]
  readonly traps: readonly FoundShares[]
  /** Tests of the kind `heavy differ`, from which the least number of effective users follows. */
  readonly byUsers: readonly FoundByUsers[]
  /** The second variant's rate is a tenth higher, so that each found difference is right. */
  readonly tenth: readonly FoundShares[]
  readonly split: { readonly users: number; readonly foundAt52: number; readonly calledWrong: number }
}

export interface CompareSize {
  readonly seed: number
  readonly tests: number
  readonly users: number
  readonly usersFew: number
}

const WHOLE: CompareSize = { seed: 18, tests: 2000, users: 10_000, usersFew: 1000 }
const POWER_TESTS_SHARE = 0.25
const TENTH = 1.1
const SPLIT_USERS = 20_000
const P_MAX = 0.05
/** Fewer tests show no share of some percent. */
const MEASURED_TESTS_MIN = 200
const EFFECTIVE_USERS = [0, 25, 50, 100, 200, 400, null]

export async function measureCompare(
  onStep: (text: string) => void,
  size: CompareSize = WHOLE,
): Promise<CompareReport> {
  const { tests, users, usersFew } = size
  const draws = drawsOf(size.seed)
  const simulated = (kinds: readonly LogKind[], count: number, usersOfFirst: number, lift: number): Simulated[] =>
    kinds.map((kind) => {
      onStep(`${kind.name}, ${usersOfFirst} users of the first variant`)
      const outcomes = Array.from({ length: count }, () => simulateTest(kind, usersOfFirst, lift, draws))
      return { kind: kind.name, users: usersOfFirst, outcomes }
    })
  const ofSizes = [usersFew, 3 * usersFew, users].flatMap((of) => simulated([HEAVY_DIFFER], 2 * tests, of, 1))
  return {
    equal: simulated(KINDS, tests, users, 1).map(foundShares),
    few: simulated(KINDS, tests, usersFew, 1).map(foundShares),
    traps: simulated(TRAPS, tests, users, 1).map(foundShares),
    byUsers: foundByUsers(ofSizes.flatMap(({ outcomes }) => outcomes)),
    tenth: simulated(KINDS, tests * POWER_TESTS_SHARE, users, TENTH).map(foundShares),
    split: {
      users: SPLIT_USERS,
      foundAt52: splitsFound(0.52, tests, draws),
      calledWrong: splitsFound(0.5, tests, draws),
    },
  }
}

interface Simulated {
  readonly kind: string
  readonly users: number
  readonly outcomes: readonly TestOutcome[]
}

function foundShares({ kind, users, outcomes }: Simulated): FoundShares {
  const spoken = (by: 'byBuckets' | 'byUser'): SpokenShares => {
    const tests = outcomes.map((outcome) => outcome[by])
    const { tests: count, found } = rangeShare(tests, EFFECTIVE_USERS_MIN, null, 'pooledP')
    return { refused: 1 - count / tests.length, found }
  }
  return {
    kind,
    users,
    tests: outcomes.length,
    bySearch: outcomes.filter(({ bySearch }) => bySearch < P_MAX).length / outcomes.length,
    byBuckets: spoken('byBuckets'),
    byUser: spoken('byUser'),
  }
}

function foundByUsers(outcomes: readonly TestOutcome[]): FoundByUsers[] {
  return EFFECTIVE_USERS.slice(1).map((to, n) => {
    const from = EFFECTIVE_USERS[n] as number
    const ofRange = (by: 'byBuckets' | 'byUser'): RangeShare =>
      rangeShare(
        outcomes.map((outcome) => outcome[by]),
        from,
        to,
        'p',
      )
    return { from, to, byBuckets: ofRange('byBuckets'), byUser: ofRange('byUser') }
  })
}

function rangeShare(tests: readonly Compared[], from: number, to: number | null, measure: 'p' | 'pooledP'): RangeShare {
  const end = to ?? Number.POSITIVE_INFINITY
  const within = tests.filter(({ effectiveUsers }) => effectiveUsers >= from && effectiveUsers < end)
  const found = within.filter((test) => test[measure] < P_MAX).length
  return { tests: within.length, found: within.length < MEASURED_TESTS_MIN ? null : found / within.length }
}

/** Returns the share of splits that are found to be no 50:50. */
function splitsFound(share: number, tests: number, draws: Draws): number {
  let found = 0
  for (let test = 0; test < tests; test++) {
    const first = draws.binomial(SPLIT_USERS, share)
    if (checkSplit([first, SPLIT_USERS - first], [50, 50])?.isBad) found++
  }
  return found / tests
}
