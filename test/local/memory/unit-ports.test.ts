// Tests that a run in memory counts units, and that counting changes none of its results.

import { describe, expect, it } from 'vitest'
import { memoryRun } from '../../../local/memory/memory-run.ts'
import { unitPorts } from '../../../local/memory/unit-ports.ts'
import { generateLog } from '../../../samples/generated-log.ts'
import { runInMemory, withoutUnits } from '../../support/in-memory.ts'

const LOG = generateLog({ seed: 5, users: 40, days: 2, startMs: Date.parse('2026-03-02T00:00:00Z') })
const LINES = LOG.map((event) => JSON.stringify(event))

async function* buffers(): AsyncGenerator<Buffer> {
  for (const line of LINES) yield Buffer.from(line)
}

async function counted(settings: Readonly<Record<string, string>>) {
  const run = memoryRun({ settings, ...unitPorts(settings.rollups !== 'off') })
  await run.replay('test', buffers(), () => {})
  await run.drain()
  return { summary: await run.summary(), rows: await run.results(), rollups: run.stores.rollups.rollups }
}

describe('a run in memory with counted units', () => {
  it('has the results of a run without, and the units of its rows', async () => {
    const plain = await runInMemory({}, LINES)
    const { summary, rows, rollups } = await counted({})
    expect(withoutUnits(summary)).toEqual(withoutUnits(plain.summary))
    expect(rows).toEqual(plain.rows)
    const sums = [...rollups.values()].map(({ sk }) => sk).sort()
    expect(sums).toEqual([...plain.rollups.hours, ...plain.rollups.days].map(({ sk }) => sk).sort())
    const { writeUnits, writeUnitsBy, readUnits } = summary.capacity
    expect(writeUnitsBy.by_hour).toBe(rows.length)
    expect(writeUnitsBy.results).toBeGreaterThan(rows.length)
    expect(writeUnitsBy.sessions).toBeGreaterThan(summary.sessions)
    expect(writeUnitsBy.rollups).toBeGreaterThan(0)
    expect(Object.values(writeUnitsBy).reduce((a, b) => a + b)).toBe(writeUnits)
    expect(readUnits).toBeGreaterThan(0)
  })

  it('has no units of the index and of sums where rollups are off', async () => {
    const { summary, rows } = await counted({ rollups: 'off' })
    expect(summary.capacity.writeUnitsBy).toMatchObject({ by_hour: 0, results: rows.length })
  })
})
