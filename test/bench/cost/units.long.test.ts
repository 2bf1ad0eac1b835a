// Tests that no event costs more capacity units than the committed counts allow.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type CommittedUnits, compareUnits, unitsOf } from '../../../bench/cost/committed-units.ts'
import { measureCost } from '../../../bench/cost/cost.ts'
import { sharedPath } from '../../support/shared.ts'

const committed: CommittedUnits = JSON.parse(
  readFileSync(new URL('../../../bench/units.json', import.meta.url), 'utf8'),
)
const hasRealLog = sharedPath('data/lisp/events.ndjson') !== null

describe('the units that an event costs', () => {
  it('do not rise above the committed units', async () => {
    const measured = unitsOf(await measureCost(() => {}, { naive: 0, naiveResults: 0 }))
    const { risen, fallen } = compareUnits(measured, committed)
    if (fallen.length > 0)
      console.warn(
        `cheaper than bench/units.json; commit the output of npm run --silent bench:units:\n${fallen.join('\n')}`,
      )
    expect(risen).toEqual([])
    const logs = Object.keys(committed).filter((log) => log !== 'real' || hasRealLog)
    expect(Object.keys(measured)).toEqual(logs)
  })
})
