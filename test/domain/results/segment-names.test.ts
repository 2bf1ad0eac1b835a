// Tests which labels of a search are in its row (M4).

import { marshall, unmarshall } from '@aws-sdk/util-dynamodb'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../../functions/aws/runtime/digest.ts'
import { nonEmpty } from '../../../functions/domain/non-empty.ts'
import type { SearchRow } from '../../../functions/domain/results/result.ts'
import { toRows } from '../../../functions/domain/results/result-rows.ts'
import { namedLabels, SEGMENTS_PATTERN, segmentNames } from '../../../functions/domain/results/segment-names.ts'
import { at, ROW_RULES, search } from '../../support/events.ts'

function rowsOf(segments: readonly string[], ...labels: readonly unknown[]): SearchRow[] {
  const events = nonEmpty(labels.map((of, n) => search(at(n), { eventId: `e${n}`, searchId: 's', labels: of })))
  const session = { ids: ['any'] as const, continues: null, limitedBy: null, events }
  const rows = toRows({ user: 'ann', session, reason: 'gap', version: 1 }, sha256, { ...ROW_RULES, segments })
  return rows.filter((row) => row.kind === 'search')
}

describe('the labels of a row', () => {
  const labels = { application: 'shop', variant: 'A', tenant: 't1' }

  it('are those that the setting names', () => {
    expect(rowsOf(['variant', 'country', 'application'], labels)[0]?.labels).toEqual({
      application: 'shop',
      variant: 'A',
    })
  })

  it.each<[readonly string[], unknown]>([
    [[], labels],
    [['country'], labels],
    [['application'], undefined],
    [['toString', 'valueOf'], { variant: 'A' }],
  ])('are absent from the row where %j names none of %j', (segments, sent) => {
    expect(rowsOf(segments, sent)[0]).not.toHaveProperty('labels')
  })

  it('are those of the first Search of a repeated search id, also if that one has none (R1)', () => {
    expect(rowsOf(['variant'], { variant: 'A' }, { variant: 'B' }).map((row) => row.labels)).toEqual([{ variant: 'A' }])
    expect(rowsOf(['variant'], undefined, { variant: 'B' }).map((row) => row.labels)).toEqual([undefined])
  })

  it('can be written to an item by every name that the setting allows', () => {
    const inherited = Object.getOwnPropertyNames(Object.prototype).map((name) => name.toLowerCase())
    const allowed = [...inherited, 'application'].filter((name) => SEGMENTS_PATTERN.test(name))
    expect(allowed).toContain('valueof')
    for (const name of allowed) {
      const named = namedLabels({ [name]: 'x' }, segmentNames(name))
      expect(unmarshall(marshall({ labels: named }))).toEqual({ labels: { [name]: 'x' } })
    }
  })
})
