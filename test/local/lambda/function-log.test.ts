// Checks that the functions' log adds up the duplicates that ingest reports.

import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { logReport } from '../../../functions/aws/runtime/report-log.ts'
import { functionLog } from '../../../local/lambda/function-log.ts'

const log = functionLog()
beforeEach(() => {
  vi.spyOn(console, 'log').mockImplementation((line: string) => log.add(line))
  vi.spyOn(console, 'error').mockImplementation((line: string) => log.add(line))
})
afterEach(() => vi.restoreAllMocks())

it('adds up the duplicates of every report of ingest, also of failed invocations', () => {
  const metrics = { Accepted: 3 }
  const [first, second, third, other] = [1, 20, 300, 4000].map((duplicates) => ({ duplicates, failed: null }))
  logReport('ingest', 'pipeline', { ...first }, {}, 0)
  logReport('ingest', 'pipeline', { ...second }, metrics, 0)
  logReport('ingest', 'pipeline', { ...third, failed: { cause: new Error('throttled') } }, metrics, 0)
  logReport('sweep', 'pipeline', { ...other }, metrics, 0)
  expect(log.duplicates()).toBe(321)
})

it('ignores lines that are no complete report', () => {
  const before = log.duplicates()
  for (const line of ['', 'Error: no', '{"step":"ingest","duplicates":5', '{"a":{}', '{}', '{"step":"ingest"}'])
    log.add(line)
  expect(log.duplicates()).toBe(before)
})
