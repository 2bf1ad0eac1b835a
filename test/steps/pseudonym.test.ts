// Tests pseudonyms: with a key, the tables name no user, and sessions and results stay the same.

import { describe, expect, it } from 'vitest'
import { keyedPseudonym } from '../../functions/aws/runtime/pseudonym.ts'
import { ingest } from '../../functions/ingest/ingest.ts'
import { at, RULES, record, type Sent } from '../support/events.ts'
import { memoryPipeline } from '../support/pipeline.ts'

const pseudonym = keyedPseudonym('a key that is long enough, and secret')

const EVENTS: readonly Sent[] = [
  { type: 'Search', user: 'ann@example.com', time: at(0), query: 'dogs' },
  { type: 'ClickResult', user: 'ann@example.com', time: at(1), item: 'rover' },
  { type: 'Search', user: 42, time: at(2), query: 'cats' },
]

async function stored(isOn: boolean) {
  const pipeline = memoryPipeline(RULES)
  const ports = isOn ? { ...pipeline.ports, pseudonym } : pipeline.ports
  const bad = { type: 'Purchase', user: 'ann@example.com' }
  const records = [...EVENTS, bad].map((sent) => record(sent, at(3)))
  const report = await ingest(records, ports, RULES, at(3))
  const states = new Map(pipeline.sessions.states)
  await pipeline.sweep(at(100), true)
  await pipeline.finalizeAll()
  return { report, states, pipeline, rows: [...pipeline.results.rows.values()] }
}

describe('with pseudonyms', () => {
  it('names no user in sessions and results, and changes nothing else', async () => {
    const [on, off] = [await stored(true), await stored(false)]
    expect([...on.states.keys()]).toEqual(['ann@example.com', '42'].map(pseudonym))
    expect([...on.states.values()]).toEqual([...off.states.values()])
    expect(on.rows).toHaveLength(off.rows.length)
    const storedText = JSON.stringify([on.rows, [...on.pipeline.sessions.closed], [...on.states]])
    expect(storedText).not.toContain('ann@example.com')
    expect(storedText).toContain(`user#${pseudonym('ann@example.com')}`)
    expect(on.report).toEqual({ ...off.report })
  })

  it('gives an event without an id the same id with and without pseudonyms', async () => {
    const idsOf = ({ states }: Awaited<ReturnType<typeof stored>>) =>
      [...states.values()].flatMap(({ open }) => open.flatMap(({ events }) => events.map(({ eventId }) => eventId)))
    expect(idsOf(await stored(true))).toEqual(idsOf(await stored(false)))
  })

  it('stores a rejected record as it arrived', async () => {
    const { pipeline } = await stored(true)
    const [deadLetter, ...others] = pipeline.deadLetters.stored
    expect(others).toEqual([])
    expect(JSON.parse(Buffer.from(deadLetter?.data ?? '', 'base64').toString())).toMatchObject({
      user: 'ann@example.com',
    })
  })
})
