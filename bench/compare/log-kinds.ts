// Defines the kinds of simulated logs: how much their users search, and how their rates differ.

import jstat from 'jstat'
import type { Draws } from './draws.ts'

export interface LogKind {
  readonly name: string
  /** How much the users search, and what differs among them. */
  readonly users: string
  searches(draws: Draws): number
  /** The searches with a click, or the clicks, of a user with so many searches. */
  hits(draws: Draws, searches: number, lift: number): number
  /** The searches of one robot, as a share of those of all users of the first variant. */
  readonly robotShare?: number
  /** True where each search has either variant at random, so that most users have both. */
  readonly isShared?: true
  /** How many users the second variant has for each of the first. 1 if absent. */
  readonly variantShare?: number
}

const RATE = 0.3
/** Rates of users are beta-distributed with this mean. Two searches of a user correlate by 1/6. */
const USER_RATES = Float64Array.from({ length: 4096 }, (_, n) => jstat.beta.inv((n + 0.5) / 4096, 1.5, 3.5))

function userRate(draws: Draws): number {
  return USER_RATES[Math.floor(draws.fraction() * USER_RATES.length)] as number
}

function ownRate(draws: Draws, searches: number, lift: number): number {
  return draws.binomial(searches, Math.min(1, userRate(draws) * lift))
}

function exponential(draws: Draws, mean: number): number {
  return 1 + Math.floor(-Math.log(draws.fraction()) * mean)
}

function logNormal(draws: Draws, median: number, deviation: number): number {
  return Math.ceil(median * Math.exp(deviation * draws.normal()))
}

/** The four kinds of logs on which false alarms are measured. */
export const KINDS: readonly LogKind[] = [
  {
    name: 'alike',
    users: 'equal rates, some 4.5 searches a user',
    searches: (draws) => exponential(draws, 4),
    hits: (draws, searches, lift) => draws.binomial(searches, RATE * lift),
  },
  {
    name: 'mild',
    users: 'own rates, some 4.5 searches a user',
    searches: (draws) => exponential(draws, 4),
    hits: ownRate,
  },
  {
    name: 'heavy',
    users: 'own rates, searches log-normal with a deviation of 1.5',
    searches: (draws) => logNormal(draws, 2.5, 1.5),
    hits: ownRate,
  },
  {
    name: 'very heavy',
    users: 'own rates, searches log-normal with a deviation of 2.05',
    searches: (draws) => logNormal(draws, 1.8, 2.05),
    hits: ownRate,
  },
]

const [, MILD, HEAVY] = KINDS as readonly [LogKind, LogKind, LogKind, LogKind]
const HEAVY_SEARCHES = 40
const HEAVY_RATE = 0.02

/** The kind of these in which a comparison of few users fails most. */
export const HEAVY_DIFFER: LogKind = {
  name: 'heavy differ',
  users: 'searches log-normal with a deviation of 1.8, more than 40 searches with few clicks',
  searches: (draws) => logNormal(draws, 2, 1.8),
  hits: (draws, searches, lift) =>
    searches > HEAVY_SEARCHES ? draws.binomial(searches, HEAVY_RATE * lift) : ownRate(draws, searches, lift),
}

/** @param robots the robots' part of all users. */
function withRobots(robots: number, clicks: number): Pick<LogKind, 'searches' | 'hits'> {
  return {
    searches: MILD.searches,
    hits: (draws, searches, lift) =>
      draws.fraction() < robots ? searches * clicks : Math.round(ownRate(draws, searches, lift) * 1.5),
  }
}

const CLICKING_ROBOTS: LogKind = {
  name: 'clicking robots',
  users: 'as mild, clicks per search, and one user in 1,000 clicks 50 times a search',
  ...withRobots(0.001, 50),
}
const WEAKER_ROBOTS: LogKind = {
  name: 'weaker robots',
  users: 'as clicking robots, but one user in 200 clicks 10 times a search',
  ...withRobots(0.005, 10),
}

/** @param part the second variant's part of all users. */
function uneven(kind: LogKind, part: number): LogKind {
  return { ...kind, name: `${kind.name}, ${part * 100} %`, variantShare: part / (1 - part) }
}

/** Logs that mislead simpler tests, or that a comparison should refuse. */
export const TRAPS: readonly LogKind[] = [
  HEAVY_DIFFER,
  { ...HEAVY, name: 'users in both', users: 'as heavy, but each search has either variant', isShared: true },
  CLICKING_ROBOTS,
  WEAKER_ROBOTS,
  ...[MILD, CLICKING_ROBOTS, WEAKER_ROBOTS].flatMap((kind) => [0.1, 0.05].map((part) => uneven(kind, part))),
  { ...MILD, name: 'one robot', users: 'as mild, and one user adds 30 % to the first variant', robotShare: 0.3 },
]
