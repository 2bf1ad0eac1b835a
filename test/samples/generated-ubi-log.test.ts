// Tests that the generated log of UBI follows its schema and gives the rows of our own events.

import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { convertDocument } from '../../functions/domain/events/formats/sent-events.ts'
import type { ResultRow } from '../../functions/domain/results/result.ts'
import { generateDeliveries, generateLog } from '../../samples/generated-log.ts'
import { generateUbiLog, type OrdinalsFrom } from '../../samples/generated-ubi-log.ts'
import { ORIGIN_MS } from '../support/events.ts'
import { runInMemory } from '../support/in-memory.ts'
import { UBI_EVENT_SCHEMA, UBI_QUERY_SCHEMA } from '../support/ubi-schema.ts'

const SIZE = { seed: 7, users: 60, days: 2, startMs: ORIGIN_MS }
const LOG = [...generateUbiLog(SIZE, 1)]

/** AppOpen, AppClose and Timeout have no counterpart in UBI. */
const UBI_TYPES: ReadonlySet<string> = new Set(['Search', 'Results', 'ClickResult'])

describe('the documents', () => {
  it('are the same for the same seed, and others for another', () => {
    expect([...generateUbiLog(SIZE, 1)]).toEqual(LOG)
    expect([...generateUbiLog({ ...SIZE, seed: 8 }, 1)]).not.toEqual(LOG)
  })

  it('follow the schemas of UBI 1.3.0', () => {
    const ajv = new Ajv2020({ strictTypes: false, strictRequired: false })
    const isQuery = ajv.compile(UBI_QUERY_SCHEMA)
    const isEvent = ajv.compile(UBI_EVENT_SCHEMA)
    for (const document of LOG) {
      const isValid = 'action_name' in document ? isEvent : isQuery
      expect(isValid(document), JSON.stringify([document, isValid.errors])).toBe(true)
    }
  })

  it('are all read, and ignored only where ingest has no event for them', () => {
    const ignored = new Set<unknown>()
    for (const document of LOG) {
      const converted = convertDocument(document, 'ubi', sha256)
      expect(converted, JSON.stringify(document)).toHaveProperty('ok', true)
      if (converted.ok && converted.ignored !== null) ignored.add(`${converted.ignored}: ${document.action_name}`)
    }
    expect([...ignored].sort()).toEqual([
      'other-action: app_close',
      'other-action: app_open',
      'other-action: impression',
      'other-action: timeout',
    ])
  })

  it('have a document for each delivery of an event, in the same order', () => {
    const times = LOG.map(({ timestamp }) => timestamp)
    expect(times.filter((time, n) => time !== times[n - 1])).toEqual(
      generateLog(SIZE)
        .filter(({ type, items }) => type !== 'Results' || (items as string[]).length > 0)
        .map(({ time }) => time)
        .filter((time, n, all) => time !== all[n - 1]),
    )
  })

  it('count ordinals from 0 where this is wanted, and differ in nothing else', () => {
    const shift = (document: object): unknown =>
      JSON.parse(JSON.stringify(document), (key, value) => (key === 'ordinal' ? value + 1 : value))
    expect([...generateUbiLog(SIZE, 0)].map(shift)).toEqual(LOG)
  })
})

/** The ids are digests, and a version counts each late event. */
const OTHER_COLUMNS: ReadonlySet<string> = new Set(['session_id', 'sk', 'event_id', 'version'])

function comparable(rows: readonly ResultRow[]): string[] {
  return rows
    .map((row) => JSON.stringify(Object.fromEntries(Object.entries(row).filter(([name]) => !OTHER_COLUMNS.has(name)))))
    .sort()
}

async function rowsOf(sent: readonly object[], settings = {}): Promise<ResultRow[]> {
  const lines = sent.map((one) => JSON.stringify(one))
  const { summary, rows } = await runInMemory(settings, lines)
  expect(summary.rejected).toEqual({})
  return [...rows]
}

describe.each([7, 8, 9])('the rows of seed %i', (seed) => {
  const size = { ...SIZE, seed }
  /** A query document has one time for its Search and its Results. */
  const events = generateDeliveries(size)
    .filter(({ event }) => UBI_TYPES.has(event.type))
    .map(({ session, index, event }) =>
      event.type === 'Results' ? { ...event, time: session[index - 1]?.time } : event,
    )

  it.each<[OrdinalsFrom, string]>([
    [1, '1'],
    [0, '0'],
    [0, '1'],
  ])('are those of the events, with ordinals from %i and ubiOrdinalsFrom %s', async (from, ubiOrdinalsFrom) => {
    const rows = await rowsOf([...generateUbiLog(size, from)], { ubiOrdinalsFrom })
    expect(rows.length).toBeGreaterThan(100)
    expect(comparable(rows)).toEqual(comparable(await rowsOf(events)))
  })

  it.each<[OrdinalsFrom, string]>([
    [1, '1'],
    [0, 'shop=0'],
  ])(
    'have the same positions without lists, with ordinals from %i and ubiOrdinalsFrom %s',
    async (from, ubiOrdinalsFrom) => {
      const documents = [...generateUbiLog(size, from)].map(({ query_response_hit_ids: _, ...document }) => document)
      const rows = await rowsOf(documents, { ubiOrdinalsFrom })
      expect(comparable(rows)).toEqual(comparable(await rowsOf(events.filter(({ type }) => type !== 'Results'))))
    },
  )
})
