// What a run accounts for: what the tables leave for duplicates and what the functions reported in, nothing or its failure out.

import { expect, it } from 'vitest'
import { functionLog } from '../../../local/lambda/function-log.ts'
import { checkReconciled } from '../../../local/run/reconcile.ts'

function reporting(duplicates: number) {
  const log = functionLog()
  log.add(JSON.stringify({ step: 'ingest', duplicates }))
  return log
}

it('every event is accounted for where ingest saw at least the duplicates that the tables leave', () => {
  checkReconciled({ duplicates: 0 }, reporting(0))
  checkReconciled({ duplicates: 2 }, reporting(2))
  checkReconciled({ duplicates: 2 }, reporting(5))
})

it('events are missing where ingest saw fewer', () => {
  expect(() => checkReconciled({ duplicates: 2 }, reporting(1))).toThrow(/^1 events are in no table and no dead letter/)
})

it('there are too many where the tables hold more than was replayed', () => {
  expect(() => checkReconciled({ duplicates: -2 }, reporting(5))).toThrow(
    '2 more events are in the tables and dead letters than were replayed',
  )
})
