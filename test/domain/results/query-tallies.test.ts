// Tests that the tallies of a day's queries take bounded memory, whatever users send.

import { expect, it } from 'vitest'
import { QueryTallies, type RankedSearch } from '../../../functions/domain/results/top-queries.ts'

function searchOf(query: string, session: number): RankedSearch {
  return {
    kind: 'search',
    pk: `user#${session}`,
    session_id: `20260302T090000000Z-${session}`,
    query,
    clicks: 0,
    result_count: 3,
    clicked_positions: '',
    time_to_first_click_ms: null,
    satisfaction: null,
    reformulated: 0,
  }
}

it('tallies count the sessions of a query within a percent, and exactly up to 100,000', () => {
  const tallies = new QueryTallies()
  for (let n = 0; n < 100_000; n++) tallies.add(searchOf('Dogs', n))
  expect(tallies.all()[0]?.sessions).toBe(100_000)
  for (let n = 0; n < 300_000; n++) tallies.add(searchOf('dogs', n))
  const [dogs] = tallies.all()
  expect(dogs?.counts.searches).toBe(400_000)
  expect(Math.abs((dogs?.sessions ?? 0) / 300_000 - 1)).toBeLessThan(0.01)
})

it('tallies leave out queries beyond the first 100,000', () => {
  const tallies = new QueryTallies()
  for (let n = 0; n < 100_005; n++) tallies.add(searchOf(`made up ${n}`, 1))
  tallies.add(searchOf('made up 7', 2))
  const all = tallies.all()
  expect(all).toHaveLength(100_000)
  expect(all.find(({ query }) => query === 'made up 7')?.sessions).toBe(2)
})
