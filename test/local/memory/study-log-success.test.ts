// Checks that a real study log gets the satisfaction that a naive reading of the rules finds
// (M1-M3), although its events come late, shuffled and twice.

import { describe, expect, it } from 'vitest'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import { decodeEvent } from '../../../functions/domain/events/decode.ts'
import type { Event } from '../../../functions/domain/events/event.ts'
import { addCounts, type Counts } from '../../../functions/domain/results/counts.ts'
import { oracleSessions } from '../../../sim/oracle.ts'
import { type OracleSuccess, oracleSuccess } from '../../../sim/oracle-success.ts'
import { lines, logPath, shuffledWithRepeats } from '../../integration/study-log.ts'
import { ROW_RULES, RULES } from '../../support/events.ts'
import { runInMemory } from '../../support/in-memory.ts'
import { SEED } from '../../support/random-log.ts'
import { inOrder, successesIn } from '../../support/successes.ts'

/** The naive reading of every session with a search, in the order of its first event id. */
function naiveSuccesses(): OracleSuccess[] {
  const byUser = new Map<string, Event[]>()
  for (const line of lines) {
    const decoded = decodeEvent(JSON.parse(line), Number.MAX_SAFE_INTEGER, {}, sha256)
    if (!decoded.ok) throw new Error(decoded.detail)
    byUser.set(decoded.user, [...(byUser.get(decoded.user) ?? []), decoded.event])
  }
  const sessions = [...byUser.values()].flatMap((events) => oracleSessions(events, RULES))
  return inOrder(sessions.map(({ events }) => oracleSuccess(events, ROW_RULES)))
}

/** The sums of a day, as the naive reading adds them up. */
function sumsOf(successes: readonly OracleSuccess[]): Counts {
  const searches = successes.flatMap(({ searches }) => searches)
  const sessions = successes.flatMap(({ session }) => session ?? [])
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
  return {
    satisfied_searches: searches.filter(({ satisfaction }) => satisfaction === 'satisfied').length,
    unknown_satisfaction_searches: searches.filter(({ satisfaction }) => satisfaction === 'unknown').length,
    unsatisfied_searches: searches.filter(({ satisfaction }) => satisfaction === 'unsatisfied').length,
    reformulated_searches: sum(searches.map(({ reformulated }) => reformulated)),
    sessions_with_success: sessions.filter(({ searchesToSuccess }) => searchesToSuccess !== null).length,
    searches_to_success_sum: sum(sessions.map(({ searchesToSuccess }) => searchesToSuccess ?? 0)),
    time_to_success_ms_sum: sum(sessions.map(({ timeToSuccessMs }) => timeToSuccessMs ?? 0)),
  }
}

describe.skipIf(logPath === null)(`the satisfaction of the study log (order by seed ${SEED})`, () => {
  it('is that of the naive reading, in the rows and in the sums of days and hours', async () => {
    const { rows, rollups } = await runInMemory({}, shuffledWithRepeats())
    const naive = naiveSuccesses()
    expect(successesIn(rows)).toEqual(naive)
    const sums = sumsOf(naive)
    for (const periods of [rollups.days, rollups.hours]) {
      expect(periods.reduce<Counts>((sum, period) => addCounts(sum, period), {})).toMatchObject(sums)
    }
    for (const count of Object.values(sums)) expect(count).toBeGreaterThan(0)
  })
})
