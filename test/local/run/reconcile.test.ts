// Checks that a run fails if it stored fewer or more events than were replayed.

import { expect, it } from 'vitest'
import { functionLog } from '../../../local/lambda/function-log.ts'
import { checkReconciled } from '../../../local/run/reconcile.ts'

function reporting(duplicates: number) {
  const log = functionLog()
  log.add(JSON.stringify({ step: 'ingest', duplicates }))
  return log
}

it('passes if ingest reported at least the duplicates that the tables leave over', () => {
  checkReconciled({ duplicates: 0 }, 0, reporting(0))
  checkReconciled({ duplicates: 2 }, 0, reporting(2))
  checkReconciled({ duplicates: 2 }, 0, reporting(5))
})

it('takes a dead letter of an applied event for a duplicate that ingest need not report', () => {
  checkReconciled({ duplicates: 3 }, 2, reporting(1))
  expect(() => checkReconciled({ duplicates: 3 }, 1, reporting(1))).toThrow(/^1 events are in no table/)
})

it('fails for missing events if ingest reported fewer duplicates', () => {
  expect(() => checkReconciled({ duplicates: 2 }, 0, reporting(1))).toThrow(
    /^1 events are in no table and no dead letter/,
  )
})

it('fails if the tables hold more events than were replayed', () => {
  expect(() => checkReconciled({ duplicates: -2 }, 0, reporting(5))).toThrow(
    '2 more events are in the tables and dead letters than were replayed',
  )
})
