// Measures the domain alone, without stores or network: the CPU of each stage, and memory.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { columns } from '../../terminal/text-table.ts'
import { STANDARD_EVENTS } from '../standard-session.ts'
import { withBundleFolder } from './bundles.ts'
import { STAGES } from './core-load.ts'
import type { CoreLoad, CoreSpeed } from './core-run.ts'

const STANDARD = { perBatch: 5, sessionEvents: STANDARD_EVENTS, items: 'catalogue' } as const

const LOADS: readonly CoreLoad[] = [
  { ...STANDARD, events: 10_000, users: 10 },
  { ...STANDARD, events: 100_000, users: 1_000 },
  { ...STANDARD, events: 1_000_000, users: 10_000, perBatch: 1 },
  { ...STANDARD, events: 1_000_000, users: 10_000 },
  { ...STANDARD, events: 1_000_000, users: 10_000, perBatch: 10 },
  { ...STANDARD, events: 1_000_000, users: 10_000, items: 'new' },
  { ...STANDARD, events: 1_000_000, users: 10, sessionEvents: 1_000, perBatch: 1 },
  { ...STANDARD, events: 10_000_000, users: 1_000_000 },
]
const RUNS = 3

const RUN_SOURCE = fileURLToPath(new URL('core-run.ts', import.meta.url))

/**
 * Bundles the code as the functions' code is, because code that tsx compiles is slower by a third.
 */
export function measureCore(onStep: (text: string) => void, loads: readonly CoreLoad[] = LOADS): Promise<CoreSpeed[]> {
  return withBundleFolder(async (folder) => {
    const outfile = join(folder, 'core-run.mjs')
    await build({
      entryPoints: [RUN_SOURCE],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    })
    const fastest: CoreSpeed[] = []
    for (const load of loads) fastest.push(await fastestRun(load, outfile, onStep))
    return fastest
  })
}

/**
 * Runs each load in a process of its own, so that code compiled for one does not slow another down.
 */
async function fastestRun(load: CoreLoad, file: string, onStep: (text: string) => void): Promise<CoreSpeed> {
  // Ten million events take minutes, and their times vary less.
  const runs = load.events > 1_000_000 ? 1 : RUNS
  const speeds: CoreSpeed[] = []
  for (let run = 1; run <= runs; run++) {
    onStep(`${load.events} events, b = ${load.perBatch}, run ${run} of ${runs}`)
    const { stdout } = await promisify(execFile)(process.execPath, [file, JSON.stringify(load)])
    speeds.push(JSON.parse(stdout) as CoreSpeed)
  }
  return speeds.reduce((best, speed) => (speed.eventsPerSecond > best.eventsPerSecond ? speed : best))
}

export function coreText(speeds: readonly CoreSpeed[]): string {
  const rows = speeds.map(
    ({ events, users, sessionEvents, items, perBatch, microsPerEvent, eventsPerSecond, heapMegabytes }) => [
      ...[events, users, sessionEvents, items, perBatch].map(String),
      ...STAGES.map((stage) => microsPerEvent[stage].toFixed(2)),
      String(eventsPerSecond),
      String(heapMegabytes),
    ],
  )
  const head = ['events', 'users', 'a session', 'items', 'b', ...STAGES, 'events a second', 'heap MB']
  return columns([head, ...rows])
}
