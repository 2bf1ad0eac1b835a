// Checks that a value is in the groups of its latest content, and in no other.

import { describe, expect, it } from 'vitest'
import { groupedMap } from '../../functions/memory/grouped-map.ts'

interface Row {
  readonly user: string
  readonly hour: string
}

function rowsBy() {
  const rows = groupedMap<Row, 'user' | 'hour'>({ user: ({ user }) => user, hour: ({ hour }) => hour })
  return {
    ...rows,
    usersOf: (hour: string) => [...rows.group('hour', hour)].map(({ user }) => user),
    hoursOf: (user: string) => [...rows.group('user', user)].map(({ hour }) => hour),
  }
}

describe('a grouped map', () => {
  it('has each value in one group of each grouping', () => {
    const { set, usersOf, hoursOf } = rowsBy()
    set('1', { user: 'ann', hour: '09' })
    set('2', { user: 'ben', hour: '09' })
    set('3', { user: 'ann', hour: '10' })
    expect([usersOf('09'), usersOf('10'), usersOf('11')]).toEqual([['ann', 'ben'], ['ann'], []])
    expect([hoursOf('ann'), hoursOf('ben'), hoursOf('cleo')]).toEqual([['09', '10'], ['09'], []])
  })

  it('moves a value whose group changes', () => {
    const { set, all, usersOf, hoursOf } = rowsBy()
    set('1', { user: 'ann', hour: '09' })
    set('1', { user: 'ann', hour: '10' })
    expect([usersOf('09'), usersOf('10'), hoursOf('ann'), all.size]).toEqual([[], ['ann'], ['10'], 1])
  })

  it('takes a deleted value out of all groups, and ignores an unknown key', () => {
    const { set, delete: remove, all, usersOf, hoursOf } = rowsBy()
    set('1', { user: 'ann', hour: '09' })
    remove('2')
    remove('1')
    remove('1')
    expect([usersOf('09'), hoursOf('ann'), all.size]).toEqual([[], [], 0])
  })
})
