// Tests the steps of an explored session, and that they are bounded.

import { describe, expect, it } from 'vitest'
import type { Event } from '../../functions/domain/events/event.ts'
import { nonEmpty } from '../../functions/domain/non-empty.ts'
import type { Session } from '../../functions/domain/sessions/session.ts'
import { type ExploredSession, exploreSession, STEPS_MAX } from '../../report/explored-session.ts'
import { at, bare, click, results, search } from '../support/events.ts'

function explored(events: readonly Event[]): ExploredSession {
  const session: Session = { ids: ['20260302-e1'], continues: null, limitedBy: null, events: nonEmpty(events) }
  return exploreSession({ session, reason: 'gap' }, 'ann', false)
}

describe('the steps of a session', () => {
  it('the step of a click has its evidence, its search and its position', () => {
    const { steps, clicks, orphans } = explored([
      search(at(0), { searchId: 's1' }),
      results(at(1), ['a', 'b'], { searchId: 's1' }),
      search(at(2), { query: 'cats' }),
      click(at(3), 'a', { searchId: 's1' }),
      click(at(4), 'b'),
      click(at(5), 'z'),
      click(at(6), 'z', { searchId: 's9', position: 4 }),
    ])
    expect(steps.filter(({ kind }) => kind === 'click')).toMatchObject([
      { evidence: 'searchId', search: 1, position: 1 },
      { evidence: 'item', search: 1, position: 2 },
      { evidence: 'order', search: 2, position: null },
      { evidence: 'orphan', search: null, position: 4 },
    ])
    expect({ clicks, orphans }).toEqual({ clicks: 3, orphans: 1 })
  })

  it('only later Results and those of no search have a step', () => {
    const { steps } = explored([
      search(at(0), { searchId: 's1' }),
      results(at(1), ['a'], { searchId: 's1' }),
      results(at(2), ['b', 'c'], { searchId: 's1' }),
      results(at(3), [], { searchId: 's9' }),
    ])
    expect(steps).toMatchObject([
      { kind: 'search', search: 1, resultCount: 2 },
      { kind: 'results', search: 1, resultCount: 2 },
      { kind: 'results', search: null, resultCount: 0 },
    ])
  })

  it('the step of a search has its labels, in bounded size', () => {
    const labels = { variant: 'B "new"', application: 'shop' }
    const { steps } = explored([
      search(at(0), { labels }),
      search(at(1)),
      search(at(2), { labels: { a: 'ä'.repeat(64) } }),
    ])
    expect(steps).toMatchObject([{ labels: 'application=shop variant="B \\"new\\""' }, { labels: '' }, {}])
    const many = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`label-${n}`, 'x'.repeat(64)]))
    const [step] = explored([search(at(0), { labels: many })]).steps
    expect(step?.kind === 'search' && step.labels.length).toBeLessThanOrEqual(161)
  })

  it('the step of a repeated Search names the search that it repeats', () => {
    const { steps, searches } = explored([search(at(0), { searchId: 's1' }), search(at(1), { searchId: 's1' })])
    expect(searches).toBe(1)
    expect(steps).toMatchObject([
      { kind: 'search', search: 1, resultCount: null },
      { kind: 'repeat', search: 1 },
    ])
  })

  it('a Timeout does not lengthen an explored session', () => {
    const { startMs, endMs } = explored([search(at(0)), bare('Timeout', at(900))])
    expect(endMs - startMs).toBe(0)
  })

  it('steps are bounded, and the rest is counted', () => {
    const many = Array.from({ length: STEPS_MAX + 7 }, (_, n) => search(at(n), { query: 'é'.repeat(1000) }))
    const { steps, stepsLeftOut, searches } = explored(many)
    expect([steps.length, stepsLeftOut, searches]).toEqual([STEPS_MAX, 7, STEPS_MAX + 7])
    expect(steps[0]).toMatchObject({ query: `${'é'.repeat(159)}…` })
  })
})
