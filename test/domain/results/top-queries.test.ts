// Tests the query lists of a day.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import type { SearchRow } from '../../../functions/domain/results/result.ts'
import { foldQuery, SLICES, sliceOfText } from '../../../functions/domain/results/rollup.ts'
import { bestQueries, QueryTallies, queryRollups } from '../../../functions/domain/results/top-queries.ts'
import { SEED } from '../../support/random-log.ts'
import { FOUR_SEARCHES, rowsOf } from './short-log.ts'

describe('the queries of a day', () => {
  const searchRows = rowsOf(FOUR_SEARCHES).filter((row): row is SearchRow => row.kind === 'search')
  const ranked = (rows: readonly SearchRow[]) => {
    const tallies = new QueryTallies()
    for (const row of rows) tallies.add(row)
    return queryRollups('2026-03-02', tallies.all())
  }

  it('lists each query once, however it is typed, most asked first, then by text', () => {
    const top = ranked(searchRows).filter(({ list }) => list === 'top')
    expect(top.map(({ sk, query, searches, ctr, sessions }) => [sk, query, searches, ctr, sessions])).toEqual([
      ['top#0001', 'dogs', 2, 0.5, 1],
      ['top#0002', 'cats', 1, 0, 1],
      ['top#0003', 'unicorns', 1, 0, 1],
    ])
  })

  it('lists queries that got no click, and queries that found nothing', () => {
    const list = (name: string) =>
      ranked(searchRows)
        .filter(({ list }) => list === name)
        .map(({ query }) => query)
    expect(list('without_click')).toEqual(['cats', 'unicorns'])
    expect(list('without_results')).toEqual(['unicorns'])
  })

  it('counts the sessions in which each query was asked, for every user', () => {
    const ids = [
      ['ann', 's1'],
      ['ann', 's1'],
      ['ann', 's2'],
      ['ben', 's1'],
    ]
    const [row] = searchRows as [SearchRow]
    const rows = ids.map(([user, session_id]) => ({ ...row, pk: `user#${user}`, session_id: session_id as string }))
    expect(ranked(rows)[0]).toMatchObject({ searches: 4, sessions: 3 })
  })

  it('lists at most a thousand queries', () => {
    const [row] = searchRows as [SearchRow]
    const many = Array.from({ length: 1100 }, (_, n) => ({ ...row, query: `query ${String(n).padStart(4, '0')}` }))
    const top = ranked([...many, { ...row, query: 'query 1099' }]).filter(({ list }) => list === 'top')
    expect(top).toHaveLength(1000)
    expect(top[0]).toMatchObject({ query: 'query 1099', searches: 2, rank: 1, sk: 'top#0001' })
    expect(top[999]).toMatchObject({ query: 'query 0998', sk: 'top#1000' })
  })

  it('ranks slice by slice to the same lists as all rows at once', () => {
    const queries = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.constantFrom(0, 1), fc.constantFrom(0, 1)),
      {
        maxLength: 4000,
        minLength: 2000,
      },
    )
    fc.assert(
      fc.property(queries, (drawn) => {
        const [row] = searchRows as [SearchRow]
        const rows = drawn.map(([n, clicked, zero]) => ({
          ...row,
          query: `q${n % 1500}`,
          clicked: clicked as 0 | 1,
          zero_results: zero as 0 | 1,
        }))
        const best = SLICES.flatMap((slice) => {
          const tallies = new QueryTallies()
          for (const one of rows) if (sliceOfText(foldQuery(one.query), sha256) === slice) tallies.add(one)
          return bestQueries(tallies.all())
        })
        expect(queryRollups('2026-03-02', best)).toEqual(ranked(rows))
      }),
      { seed: SEED, numRuns: 5 },
    )
  })

  it.each([
    ['  New   York ', 'new york'],
    ['NEW\tYORK', 'new york'],
    ['İ', 'i̇'],
    ['', ''],
    ['STRASSE', 'strasse'],
    ['Straße', 'strasse'],
    ['STRAẞE', 'strasse'],
    ['İstanbul', 'i̇stanbul'],
    ['I\u0307STANBUL', 'i̇stanbul'],
    ['ışık', 'ışık'],
    ['Caf\u00e9', 'caf\u00e9'],
    ['CAFE\u0301', 'caf\u00e9'],
    ['ΟΔΟΣ', 'οδοσ'],
    ['οδος', 'οδοσ'],
    ['犬\u3000猫', '犬 猫'],
  ])('folds the query %j to %j', (query, folded) => expect(foldQuery(query)).toBe(folded))
})
