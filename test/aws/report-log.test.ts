// The log line of an invocation: what it says, and what it keeps to itself.

import { afterEach, describe, expect, it, vi } from 'vitest'
import { logReport } from '../../functions/aws/report-log.ts'

const printed = vi.spyOn(console, 'log').mockImplementation(() => {})
const failed = vi.spyOn(console, 'error').mockImplementation(() => {})
afterEach(() => vi.clearAllMocks())

function lineOf(spy: typeof printed): Record<string, unknown> {
  expect(spy).toHaveBeenCalledTimes(1)
  return JSON.parse(String(spy.mock.calls[0]?.[0])) as Record<string, unknown>
}

describe('the log line', () => {
  it('holds the counts', () => {
    const report = { accepted: 3, failed: null }
    logReport('ingest', report)
    expect(lineOf(printed)).toEqual({ step: 'ingest', accepted: 3 })
  })

  it('makes gauges metrics that CloudWatch finds', () => {
    const report = { closed: 1, failed: null }
    logReport('sweep', report, { HorizonLag: 5000 })
    const line = lineOf(printed)
    expect(line).toMatchObject({ step: 'sweep', HorizonLag: 5000 })
    expect(line._aws).toMatchObject({
      CloudWatchMetrics: [
        {
          Namespace: 'SearchSessionCtr',
          Dimensions: [[]],
          Metrics: [{ Name: 'HorizonLag', Unit: 'Milliseconds' }],
        },
      ],
    })
  })

  it('names an error, and leaves out what the SDK put into it', () => {
    const cause = Object.assign(new Error('the condition failed'), { Item: { user: 'ann' } })
    const report = { accepted: 0, failed: { sequenceNumber: '1', cause } }
    logReport('ingest', report)
    expect(lineOf(failed)).toEqual({ step: 'ingest', accepted: 0, failure: 'Error: the condition failed' })
  })
})
