// Runs small logs as people really send them, each with what is right for it, and compares.

import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { SearchRow } from '../../functions/domain/results/result.ts'
import { logLines } from '../../local/replay/log-lines.ts'
import { summarize, summarizeCapacity } from '../../local/run/summary.ts'
import { at, RULES, record } from '../support/events.ts'
import { runInMemory } from '../support/in-memory.ts'
import { memoryPipeline } from '../support/pipeline.ts'
import { sharedPath } from '../support/shared.ts'

interface Case {
  readonly why: string
  readonly summary?: Readonly<Record<string, unknown>>
  /** The reason for which events are rejected. */
  readonly rejected?: string
}

interface Outcome {
  readonly summary: Readonly<Record<string, unknown>> & { readonly rejected: Readonly<Record<string, number>> }
  readonly searches: readonly SearchRow[]
  readonly details: readonly string[]
  readonly nearMisses: Readonly<Record<string, number>>
}

const folder = sharedPath('cases')
const cases: Readonly<Record<string, Case>> =
  folder === null ? {} : JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8'))

/** Some weeks after the events of the logs. */
const ARRIVAL_MS = at(30 * 24 * 3600)
const NO_CAPACITY = summarizeCapacity(
  { writes: new Map(), reads: new Map() },
  { sessions: '', results: '', deadLetters: '' },
)

async function linesOf(name: string): Promise<Buffer[]> {
  const lines: Buffer[] = []
  for await (const line of logLines(createReadStream(join(folder ?? '', name)))) lines.push(line)
  return lines
}

/** Puts each line into a record, and runs the steps on stores in memory. */
async function outcomeOf(name: string): Promise<Outcome> {
  const pipeline = memoryPipeline(RULES)
  const nearMisses: Record<string, number> = {}
  let duplicates = 0
  for (const [n, line] of (await linesOf(name)).entries()) {
    const report = await pipeline.ingest([record(line, ARRIVAL_MS + n)], ARRIVAL_MS + n)
    duplicates += report.duplicates
    for (const [field, count] of Object.entries(report.nearMisses)) nearMisses[field] = (nearMisses[field] ?? 0) + count
  }
  await pipeline.sweep(ARRIVAL_MS + 3_600_000, true)
  await pipeline.finalizeAll(ARRIVAL_MS + 3_600_000)
  const rows = [...pipeline.results.rows.values()]
  const closed = [...pipeline.sessions.closed.values()].flatMap((stored) => stored.closed ?? [])
  const events = closed.reduce((sum, { session }) => sum + session.events.length, 0)
  const rejected: Record<string, number> = {}
  for (const { reason } of pipeline.deadLetters.stored) rejected[reason] = (rejected[reason] ?? 0) + 1
  const eventsIn = events + duplicates + pipeline.deadLetters.stored.length
  const stored = { users: 0, forgottenUsers: 0, sessions: closed.length, events }
  const searches = rows.filter((row): row is SearchRow => row.kind === 'search')
  return {
    summary: summarize(eventsIn, rows, stored, rejected, NO_CAPACITY) as never,
    searches: searches.sort((a, b) => (a.sk < b.sk ? -1 : 1)),
    details: pipeline.deadLetters.stored.map(({ detail }) => detail),
    nearMisses,
  }
}

const summarized = Object.entries(cases).filter(([, { summary }]) => summary !== undefined)
const refused = Object.entries(cases).filter(([, { rejected }]) => rejected !== undefined)

describe.skipIf(folder === null)('a log as people send it', () => {
  it.each(summarized)('%s has its summary', async (name, { summary = {} }) => {
    const { rejectedTotal, ...expected } = summary
    const found = (await outcomeOf(name)).summary
    expect(found).toMatchObject(expected)
    if (rejectedTotal !== undefined)
      expect(Object.values(found.rejected).reduce((sum, count) => sum + count, 0)).toBe(rejectedTotal)
  })

  it.each(summarized)('%s has its summary in a run in memory', async (name, { summary: expected = {} }) => {
    const { rejectedTotal, ...others } = expected
    const { summary } = await runInMemory({}, await linesOf(name))
    expect(summary).toMatchObject(others)
    const rejected = Object.values(summary.rejected).reduce((sum, count) => sum + count, 0)
    if (rejectedTotal !== undefined) expect(rejected).toBe(rejectedTotal)
  })

  it.each(refused)('%s has its reason on each rejected event, with a hint', async (name, { rejected = '' }) => {
    const { summary, details } = await outcomeOf(name)
    expect(Object.keys(summary.rejected)).toEqual([rejected])
    expect(details.every((detail) => /ISO 8601/.test(detail))).toBe(true)
  })

  // Decision 073: the click belongs to dogs, whose id it carries.
  it('reads documented aliases whatever the spelling of the type', async () => {
    const { searches } = await outcomeOf('snake-case-ids-with-camel-type.ndjson')
    expect(searches.map(({ query, clicked, result_count }) => [query, clicked, result_count])).toEqual([
      ['dogs', 1, null],
      ['cats', 0, 0],
    ])
    expect(searches[0]).toMatchObject({ clicks_by_search_id: 1 })
  })

  it('counts a field that ingest does not read by its name', async () => {
    const { summary, nearMisses } = await outcomeOf('timestamp-instead-of-time.ndjson')
    expect(nearMisses).toEqual({ timestamp: 2 })
    expect(summary).toMatchObject({ accepted: 2, searches: 2 })
  })

  it.each(['reload-of-page-one-then-page-two.ndjson', 'ubi-two-lists-under-one-query-id.ndjson'])(
    '%s: the first item of the next page has position 4',
    async (name) => {
      const { searches } = await outcomeOf(name)
      expect(searches[0]?.clicked_positions.split(',').at(-1)).toBe('4')
    },
  )

  it('rejects a UBI query without a client, and counts its click as of a search elsewhere', async () => {
    const { summary, details } = await outcomeOf('ubi-query-without-client.ndjson')
    expect(summary).toMatchObject({ orphanClicksBy: { search_elsewhere: 1, no_search: 0 } })
    expect(details).toEqual([expect.stringContaining('client_id')])
  })

  it('keeps the order of an array whose events have no time', async () => {
    const { searches } = await outcomeOf('batch-flushed-without-time.json')
    const clicks = Object.fromEntries(searches.map((row) => [row.query, row.clicks]))
    expect(clicks).toEqual({ dogs: 1, cats: 1, fish: 0 })
  })

  it('sets the second use of each id aside where a counter of ids starts again', async () => {
    const { summary, searches } = await outcomeOf('event-ids-count-anew-each-session.ndjson')
    expect(summary).toMatchObject({ accepted: 2, rejected: { 'id-reused': 2 } })
    expect(searches.map(({ query, clicks }) => [query, clicks])).toEqual([['dogs', 1]])
  })

  it.each(['pretty-printed-array.json', 'firehose-concatenated.json'])(
    '%s is read as the events that it holds',
    async (name) => {
      const { summary } = await outcomeOf(name)
      expect(summary).toMatchObject({ accepted: 2, rejected: {}, searches: 1, searchesWithClick: 1 })
    },
  )

  it('reads a log that gzip packed', async () => {
    const { summary } = await outcomeOf('ndjson-as-gzip-file.ndjson.gz')
    expect(summary.rejected).toEqual({})
    expect(summary.accepted).toBeGreaterThan(0)
  })
})
