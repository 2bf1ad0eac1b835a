// Runs a log in memory for a test.

import { memoryRun } from '../../local/memory/memory-run.ts'
import type { Summary } from '../../local/run/summary.ts'
import type { Outcome } from '../integration/on-emulators.ts'

export async function runInMemory(
  settings: Readonly<Record<string, string>>,
  lines: readonly (string | Buffer)[],
): Promise<Outcome> {
  const run = memoryRun({ settings })
  await run.replay('test', buffers(lines), () => {})
  await run.drain()
  const all = [...run.stores.rollups.rollups.values()].sort((a, b) => (a.sk < b.sk ? -1 : 1))
  const hours = all.filter((rollup) => rollup.kind === 'hour')
  const days = all.filter((rollup) => rollup.kind === 'day')
  return { summary: await run.summary(), rows: await run.results(), rollups: { hours, days } }
}

/** Returns the summary without the units, which depend on how records fall into batches. */
export function withoutUnits({ capacity, ...summary }: Summary): Omit<Summary, 'capacity'> {
  return summary
}

async function* buffers(lines: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const line of lines) yield Buffer.from(line)
}
