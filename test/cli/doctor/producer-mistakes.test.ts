// Tests how doctor words misspelt fields, dead letters and shares of orphan clicks.

import { readFileSync } from 'node:fs'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { describe, expect, it } from 'vitest'
import type { ShownDeadLetter } from '../../../cli/dead-letters/stored-dead-letters.ts'
import { deadLetterFindings } from '../../../cli/doctor/dead-letters-check.ts'
import { nearMissFindings } from '../../../cli/doctor/near-misses-check.ts'
import { type HourClicks, hoursWithOrphans, latestHours } from '../../../cli/doctor/orphan-hours.ts'
import { DIRTY_PARTITION } from '../../../functions/contract.ts'

const page = readFileSync(new URL('../../../docs/troubleshooting.md', import.meta.url), 'utf8')

describe('misspelt fields', () => {
  const found = (...events: object[]) => nearMissFindings(events)

  it('are named by frequency, each with the type and the field of one event', () => {
    const [often, seldom] = found(
      { type: 'Search', user: 'ann', query: 'dogs', Time: 5 },
      { type: 'ClickResult', user: 'ann', item: 'a', searchID: 's1' },
      { type: 'ClickResult', user: 'ben', item: 'b', searchID: 's2' },
    )
    expect(often).toMatchObject({ status: 'wrong', check: 'field names' })
    expect(often?.message).toBe(
      "ingest does not read 'searchID', but 2 of a sample of 3 events have it and no 'searchId', " +
        'for example {"type":"ClickResult","searchID":"s1"}. Rename it to \'searchId\'.',
    )
    expect(seldom?.message).toContain("Rename it to 'time'")
    expect(page).toContain(`## ${often?.next?.split(', ')[1]}\n`)
  })

  it('are right beside the field that they resemble', () => {
    expect(found({ type: 'Search', time: 1, timestamp: 2 })).toMatchObject([{ status: 'ok' }])
  })

  it('count an ordinal of 0 in an application that counts from 1 by ubiOrdinalsFrom', () => {
    const click = { type: 'ClickResult', item: 'a', ubiOrdinal: 0, ubiApplication: 'shop' }
    const [finding] = nearMissFindings([click, { ...click, ubiOrdinal: 1 }])
    expect(finding?.message).toBe(
      '1 of a sample of 2 events have the UBI ordinal 0, but they count from 1 by ubiOrdinalsFrom, for example ' +
        '{"type":"ClickResult","ubiApplication":"shop"}. Set it to application=0, or to 0 for all.',
    )
    expect(nearMissFindings([click], 'shop=0')).toMatchObject([{ status: 'ok' }])
  })

  it('are at most five, with short examples', () => {
    const many = found({ q: 'x'.repeat(500), ts: 1, uid: 1, rank: 1, hits: [], qid: 1, sku: 1 })
    expect(many).toHaveLength(5)
    expect(Math.max(...many.map(({ message }) => message.length))).toBeLessThan(300)
  })
})

describe('dead letters', () => {
  const deadLetter = (reason: string, detail: string): ShownDeadLetter => ({
    ...{ key: 'k', shard: 's', sequence: '1', subSequence: null, text: null },
    ...{ reason, detail, arrival: '2026-03-02T09:00:00.000Z' },
  })

  it('have a finding for each reason, with the most frequent detail', () => {
    const seconds = 'time: 1772442005 looks like epoch seconds; send epoch milliseconds or ISO 8601'
    const deadLetters = [
      deadLetter('id-reused', 'an event of this id differs'),
      ...[seconds, 'other', seconds].map((detail) => deadLetter('time-implausible', detail)),
    ]
    const [time, id] = deadLetterFindings({ deadLetters, hasMore: true }, ' --local')
    expect(time).toMatchObject({
      message: `3 or more time-implausible since yesterday, for example ${seconds}`,
      next: expect.stringContaining('--reason time-implausible --day 2026-03-02 --local'),
    })
    expect(id?.message).toMatch(/^1 or more id-reused .*Send a new eventId, such as a UUID, with each event/)
    expect(page).toContain(`## ${time?.next?.split('troubleshooting.md, ')[1]}\n`)
  })
})

describe('the share of orphan clicks', () => {
  const hour = (n: number, clicks: number, orphans: number): HourClicks => ({
    hour: `2026-03-02T0${n}`,
    ...{ clicks, search_elsewhere: orphans, no_search: 0 },
  })

  it('concerns all hours if it is above 5 % together', () => {
    const hours = [hour(2, 5, 0), hour(1, 1, 1)]
    expect(hoursWithOrphans(hours)).toEqual(hours)
    expect(hoursWithOrphans([hour(1, 95, 5)])).toEqual([])
    expect(hoursWithOrphans([hour(1, 94, 6)])).toHaveLength(1)
  })

  it('concerns single hours with at least 20 clicks, since fewer mean little', () => {
    const [release, quiet, before] = [hour(3, 18, 2), hour(2, 3, 1), hour(1, 500, 0)]
    expect(hoursWithOrphans([release, quiet, before])).toEqual([release])
  })

  it('counts the rows of a dirty hour instead of its old sum, and leaves out hours that did not change', async () => {
    const client = DynamoDBDocumentClient.from(new DynamoDBClient({}))
    const dynamodb = mockClient(client)
    const sum = (hour: number, computed_at: string) => ({
      ...{ day: '2026-03-02', hour, computed_at },
      ...{ clicks: 7, orphan_clicks_search_elsewhere: 0, orphan_clicks_no_search: 0 },
    })
    const sums = [
      sum(9, '2026-03-03T10:00:00.000Z'),
      sum(8, '2026-03-02T12:00:00.000Z'),
      sum(7, '2026-03-02T11:59:59.999Z'),
    ]
    const row = { clicks: 1, orphan_clicks_search_elsewhere: 2, orphan_clicks_no_search: 3 }
    dynamodb.on(QueryCommand).callsFake(({ ExpressionAttributeValues: values }) => {
      if (values[':pk'] === 'rollup#hour') return { Items: sums }
      if (values[':pk'] === DIRTY_PARTITION) return { Items: [{ sk: 'hour#2026-03-02T09', marked_at: 1 }] }
      return { Items: values[':slice'] === '2026-03-02T09#c' ? [row] : [] }
    })
    expect(await latestHours(client, 'results', Date.parse('2026-03-03T12:00:00Z'))).toEqual([
      { hour: '2026-03-02T09', clicks: 1, search_elsewhere: 2, no_search: 3 },
      { hour: '2026-03-02T08', clicks: 7, search_elsewhere: 0, no_search: 0 },
    ])
  })
})
