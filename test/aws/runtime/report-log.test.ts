// Tests the log line of an invocation: what it holds, and what it leaves out.

import { afterEach, describe, expect, it, vi } from 'vitest'
import { logReport } from '../../../functions/aws/runtime/report-log.ts'
import { UnreadableItemError } from '../../../functions/ports.ts'

const printed = vi.spyOn(console, 'log').mockImplementation(() => {})
const failed = vi.spyOn(console, 'error').mockImplementation(() => {})
afterEach(() => vi.clearAllMocks())

function lineOf(spy: typeof printed): Record<string, unknown> {
  expect(spy).toHaveBeenCalledTimes(1)
  return JSON.parse(String(spy.mock.calls[0]?.[0])) as Record<string, unknown>
}

const AT_MS = 1_700_000_000_000
const REPORT = { accepted: 3, failed: null }

describe('the log line', () => {
  it('holds the counts of the report', () => {
    logReport('ingest', 'clicks', REPORT, {}, AT_MS)
    expect(lineOf(printed)).toEqual({ step: 'ingest', accepted: 3 })
  })

  it('holds the metrics in the embedded metric format, with the pipeline as their dimension', () => {
    logReport('sweep', 'clicks', REPORT, { HorizonLag: 5000, Conflicts: 2 }, AT_MS)
    expect(lineOf(printed)).toEqual({
      _aws: {
        Timestamp: AT_MS,
        CloudWatchMetrics: [
          {
            Namespace: 'SearchSessionCtr',
            Dimensions: [['pipeline']],
            Metrics: [
              { Name: 'HorizonLag', Unit: 'Milliseconds' },
              { Name: 'Conflicts', Unit: 'Count' },
            ],
          },
        ],
      },
      pipeline: 'clicks',
      HorizonLag: 5000,
      Conflicts: 2,
      step: 'sweep',
      accepted: 3,
    })
  })

  it('leaves out a count of 0, but holds a gauge of 0 and a negative count', () => {
    logReport('finalize', 'clicks', {}, { Searches: -2, Conflicts: 0, HorizonLag: 0, UsersOpen: 0 }, AT_MS)
    const line = lineOf(printed)
    expect(line).toMatchObject({ Searches: -2, HorizonLag: 0, UsersOpen: 0 })
    expect(line).not.toHaveProperty('Conflicts')
  })

  it('holds how many items are damaged, and the message of the first', () => {
    const unreadable = { count: 2, cause: new UnreadableItemError('a state cannot be read: SyntaxError') }
    logReport('sweep', 'clicks', { ...REPORT, unreadable }, { Unreadable: 2 }, AT_MS)
    expect(lineOf(printed)).toMatchObject({
      unreadable: 2,
      unreadableCause: 'UnreadableItemError: a state cannot be read: SyntaxError',
      Unreadable: 2,
    })
  })

  it('holds nothing of damaged items when there are none', () => {
    logReport('sweep', 'clicks', { ...REPORT, unreadable: null }, {}, AT_MS)
    expect(lineOf(printed)).toEqual({ step: 'sweep', accepted: 3 })
  })

  it('holds the name and message of an error, without the item that the SDK put into it', () => {
    const cause = Object.assign(new Error('the condition failed'), { Item: { user: 'ann' } })
    const report = { accepted: 0, failed: { sequenceNumber: '1', cause } }
    logReport('ingest', 'clicks', report, {}, AT_MS)
    expect(lineOf(failed)).toEqual({ step: 'ingest', accepted: 0, failure: 'Error: the condition failed' })
  })
})
