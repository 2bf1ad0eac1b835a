// Tests that an archive which is replayed later within a year changes no row (C6).

import { describe, expect, it } from 'vitest'
import { DAY_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import { closedExpiresAt, stateExpiresAt } from '../../functions/domain/sessions/closing.ts'
import { forget } from '../../functions/forget/forget.ts'
import { at, RULES, record } from '../support/events.ts'
import { type MemoryPipeline, memoryPipeline } from '../support/pipeline.ts'

const ARCHIVE = [
  { type: 'Search', query: 'dogs', searchId: 's1', eventId: 'e1', time: at(0) },
  { type: 'Results', items: ['fido'], searchId: 's1', eventId: 'e2', time: at(1) },
  { type: 'ClickResult', item: 'fido', searchId: 's1', eventId: 'e3', time: at(2) },
  { type: 'Search', query: 'cats', searchId: 's2', eventId: 'e4', time: at(3) },
]
const MISSING_CLICK = { type: 'ClickResult', item: 'tom', searchId: 's2', eventId: 'e5', time: at(4) }
const REPLAYS: [string, object[]][] = [
  ['the whole archive', ARCHIVE],
  ['the archive with a click that was missing', [...ARCHIVE, MISSING_CLICK]],
  ['a part of a session', ARCHIVE.slice(0, 1)],
]

async function replay(pipeline: MemoryPipeline, events: readonly object[], arrivesMs: number) {
  const records = events.map((event) => record({ user: 'ann', ...event }, arrivesMs))
  const report = await pipeline.ingest(records, arrivesMs)
  await pipeline.sweep(arrivesMs + DAY_MS)
  await pipeline.finalizeAll(arrivesMs + DAY_MS)
  return report
}

/** Deletes what has expired at the time, as DynamoDB does. */
function expire({ sessions }: MemoryPipeline, nowMs: number): void {
  for (const { user, id, expiresAtMs } of [...sessions.closed.values()])
    if (expiresAtMs < nowMs) sessions.expire(user, id)
}

describe.each([20, 30, 100, 300])('a replay after %i days', (days) => {
  it.each(REPLAYS)('changes no row and rejects every event as too late: %s', async (_, events) => {
    const pipeline = memoryPipeline(RULES)
    await replay(pipeline, ARCHIVE, at(5))
    const rows = JSON.stringify([...pipeline.results.rows.values()])
    const laterMs = at(5) + days * DAY_MS
    expire(pipeline, laterMs)
    expect(pipeline.sessions.closed.size).toBe(0)
    const report = await replay(pipeline, events, laterMs)
    expect(report).toMatchObject({ accepted: 0, duplicates: 0, rejected: { 'too-late': events.length } })
    expect(JSON.stringify([...pipeline.results.rows.values()])).toBe(rows)
  })

  it('applies the events of a user without rows, as at any time', async () => {
    const pipeline = memoryPipeline(RULES)
    expect(await replay(pipeline, ARCHIVE, at(5) + days * DAY_MS)).toMatchObject({ accepted: 4, rejected: {} })
    expect(pipeline.results.rows.size).toBe(3)
  })
})

it('lets the state of an idle user expire after each row that its sessions can have', () => {
  const nowMs = at(0)
  // Finalize writes no row once the closed session has expired.
  const lastRowExpiresMs = closedExpiresAt(nowMs, RULES) + RULES.resultRetentionMs
  expect(stateExpiresAt({ open: [] }, nowMs, RULES)).toBeGreaterThan(lastRowExpiresMs + SECOND_MS)
})

it('ends as the rows of the merged session when a given-up change of a merged one is redriven on day 20', async () => {
  const pipeline = memoryPipeline(RULES)
  const send = (seconds: number, arrives: number) =>
    pipeline.ingest(
      [record({ type: 'Search', user: 'ann', query: 'dogs', time: at(seconds) }, at(arrives))],
      at(arrives),
    )
  await send(0, 0)
  await send(3000, 3000)
  await pipeline.sweep(at(8000))
  const givenUp = [...pipeline.changes]
  await pipeline.finalizeAll(at(8000))
  await send(1500, 8001)
  await pipeline.sweep(at(20_000))
  await pipeline.finalizeAll(at(20_000))
  const rows = JSON.stringify([...pipeline.results.rows.values()])
  const laterMs = at(20_000) + 20 * DAY_MS
  expire(pipeline, laterMs)
  pipeline.changes.push(...givenUp)
  const report = await pipeline.finalizeAll(laterMs)
  expect(report.refused).toHaveLength(givenUp.length)
  expect(JSON.stringify([...pipeline.results.rows.values()])).toBe(rows)
})

describe('a redrive of a dead letter of ingest', () => {
  /** Delivers an event again that arrived at once, as a redrive does. */
  async function redriven(pipeline: MemoryPipeline, event: object, nowMs: number) {
    const report = await pipeline.ingest([record({ user: 'ann', ...event }, at(5), 'redriven')], nowMs)
    await pipeline.sweep(nowMs + DAY_MS)
    await pipeline.finalizeAll(nowMs + DAY_MS)
    return report
  }

  async function closedWithRows() {
    const pipeline = memoryPipeline(RULES)
    await replay(pipeline, ARCHIVE, at(5))
    return { pipeline, rows: () => [...pipeline.results.rows.values()] }
  }

  it('amends the session within 8 days of the arrival', async () => {
    const { pipeline, rows } = await closedWithRows()
    const nowMs = at(5) + 8 * DAY_MS
    expire(pipeline, nowMs)
    expect(await redriven(pipeline, MISSING_CLICK, nowMs)).toMatchObject({ accepted: 1, amended: 1 })
    expect(rows()).toMatchObject([{ clicked: 1 }, { clicked: 1 }, { kind: 'session', clicks: 2 }])
  })

  it.each([17, 20, 100])('is refused as too late on day %i, and leaves the rows as they were', async (days) => {
    const { pipeline, rows } = await closedWithRows()
    const before = JSON.stringify(rows())
    const nowMs = at(5) + days * DAY_MS
    expire(pipeline, nowMs)
    for (const event of [MISSING_CLICK, ...ARCHIVE.slice(0, 1)])
      expect(await redriven(pipeline, event, nowMs)).toMatchObject({ accepted: 0, rejected: { 'too-late': 1 } })
    expect(JSON.stringify(rows())).toBe(before)
  })

  it('applies the events of a user without rows on day 20, one batch after the other', async () => {
    const pipeline = memoryPipeline(RULES)
    const nowMs = at(5) + 20 * DAY_MS
    for (const [n, event] of ARCHIVE.entries())
      expect(await redriven(pipeline, event, nowMs + n * DAY_MS)).toMatchObject({ accepted: 1, rejected: {} })
    expect(pipeline.results.rows.size).toBe(3)
  })

  it('is dropped on day 20 if the user was forgotten after the arrival, although its own time is later', async () => {
    const { pipeline } = await closedWithRows()
    const ports = { ...pipeline, pseudonym: (user: string) => user }
    await forget('ann', ports, { rules: RULES, deadLetterRetentionMs: 30 * DAY_MS }, at(6))
    const ahead = { ...MISSING_CLICK, time: at(60) }
    expect(await redriven(pipeline, ahead, at(5) + 20 * DAY_MS)).toMatchObject({ accepted: 0, forgotten: 1 })
  })
})
