// Tests that `refinalize` makes up for changes that finalize lost, and changes nothing else.

import { expect, it } from 'vitest'
import { sha256 } from '../../functions/aws/runtime/digest.ts'
import { type RefinalizeReport, refinalizeUser } from '../../functions/finalize/refinalize.ts'
import { at, ROW_RULES, RULES, record } from '../support/events.ts'
import { type MemoryPipeline, memoryPipeline } from '../support/pipeline.ts'

function refinalize(pipeline: MemoryPipeline): Promise<RefinalizeReport> {
  const closedItems = async function* (user: string) {
    yield [...pipeline.sessions.closed.values()].filter((item) => item.user === user)
  }
  const ports = { ...pipeline, closedItems, digest: sha256, hasTime: () => true }
  return refinalizeUser('ann', ports, { ...ROW_RULES, resultRetentionMs: RULES.resultRetentionMs }, at(50_000))
}

const send = (pipeline: MemoryPipeline, type: string, seconds: number, arrives = seconds) =>
  pipeline.ingest([record({ type, user: 'ann', query: 'dogs', time: at(seconds) }, at(arrives))], at(arrives))

/** Two sessions that merge later, with the rows of the two sessions if `isFirstSeen`. */
async function merged(isFirstSeen: boolean): Promise<MemoryPipeline> {
  const pipeline = memoryPipeline(RULES)
  await send(pipeline, 'Search', 0)
  await send(pipeline, 'Search', 3000)
  await pipeline.sweep(at(8000))
  if (isFirstSeen) await pipeline.finalizeAll()
  await send(pipeline, 'AppOpen', 1500, 8001)
  await pipeline.sweep(at(20_000))
  return pipeline
}

async function expected(): Promise<object[]> {
  const pipeline = await merged(true)
  await pipeline.finalizeAll()
  return [...pipeline.results.rows.values()]
}

it.each([true, false])(
  'writes all rows and removes those that are gone, once: first rows there is %s',
  async (isFirstSeen) => {
    const pipeline = await merged(isFirstSeen)
    pipeline.changes.length = 0
    await refinalize(pipeline)
    const rows = [...pipeline.results.rows.values()]
    expect(rows).toHaveLength(3)
    expect(rows).toEqual(expect.arrayContaining(await expected()))
    expect(await refinalize(pipeline)).toEqual({ sessions: 1, rowsRemoved: 0 })
    expect([...pipeline.results.rows.values()]).toEqual(rows)
  },
)

it('leaves the rows of a session whose closed item has expired', async () => {
  const pipeline = await merged(true)
  await pipeline.finalizeAll()
  const rows = [...pipeline.results.rows.values()]
  for (const { user, id } of [...pipeline.sessions.closed.values()]) pipeline.sessions.expire(user, id)
  expect(await refinalize(pipeline)).toEqual({ sessions: 0, rowsRemoved: 0 })
  expect([...pipeline.results.rows.values()]).toEqual(rows)
})
