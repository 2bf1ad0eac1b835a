// Checks that a log replayed at its own pace ends in the results of a replay at once.

import { expect, it } from 'vitest'
import { DAY_MS, HOUR_MS } from '../../../functions/domain/durations.ts'
import type { ResultRow } from '../../../functions/domain/results/result.ts'
import { memoryRun } from '../../../local/memory/memory-run.ts'
import { type PacedRunOptions, pacedRun } from '../../../local/memory/paced-run.ts'
import type { LogRun } from '../../../local/run/log-run.ts'
import { generateLog } from '../../../samples/generated-log.ts'
import { ORIGIN_MS } from '../../support/events.ts'

const LOG = generateLog({ seed: 5, users: 20, days: 2, startMs: ORIGIN_MS })

async function* lines(): AsyncGenerator<Buffer> {
  for (const event of LOG) yield Buffer.from(JSON.stringify(event))
}

async function resultsOf(run: LogRun): Promise<ResultRow[]> {
  await run.replay('log', lines(), () => {})
  await run.drain()
  return run.results()
}

function paced(options: Partial<PacedRunOptions> = {}) {
  let timeMs = 0
  const stages: string[] = []
  const run = pacedRun({
    settings: {},
    speed: 3600,
    onStage: (stage) => stages.push(stage),
    realTime: {
      nowMs: () => timeMs,
      wait: async (ms) => {
        timeMs += ms
      },
    },
    ...options,
  })
  return { run, stages, realMs: () => timeMs }
}

/** An earlier closing and a later version are all that the pace may change. */
function comparable({ version, ...row }: ResultRow): object {
  return 'close_reason' in row && row.close_reason === 'drain' ? { ...row, close_reason: 'gap' } : row
}

it('a paced replay ends in the rows of a replay at once', async () => {
  const at = memoryRun({ settings: {} })
  const { run, stages } = paced()
  const [together, one] = [await resultsOf(at), await resultsOf(run)]
  expect(one.map(comparable)).toEqual(together.map(comparable))
  expect(stages).toEqual(['replays the log', 'waits for the last sessions to close', 'has replayed the log'])
  expect((await run.summary()).accepted).toBe((await at.summary()).accepted)
})

it('sessions of a paced replay close by themselves, before the log goes on', async () => {
  const reasons = (await resultsOf(paced().run)).flatMap((row) => ('close_reason' in row ? row.close_reason : []))
  expect(new Set(reasons)).toEqual(new Set(['gap', 'app_close', 'timeout']))
})

it('the time of a paced replay is that of the log divided by the speed, without the quiet hours', async () => {
  const { run, realMs } = paced()
  await resultsOf(run)
  expect(realMs()).toBeLessThanOrEqual((2 * DAY_MS + HOUR_MS) / 3600)
  expect(realMs()).toBeGreaterThan((4 * HOUR_MS) / 3600)
})

it('the first part of a paced replay takes no time', async () => {
  const { run, stages, realMs } = paced({ liveFromMs: ORIGIN_MS + 3 * DAY_MS })
  await run.replay('log', lines(), () => {})
  // Only the last sessions are waited for.
  expect(realMs()).toBeLessThanOrEqual(HOUR_MS / 3600)
  expect(stages[0]).toBe('replays the first part at once')
  expect(run.clock().speed).toBe(0)
  await run.drain()
  expect((await run.results()).map(comparable)).toEqual((await resultsOf(memoryRun({ settings: {} }))).map(comparable))
  expect((await run.summary()).rejected).toEqual({})
})

it('a paced replay stops in the middle of a pause', async () => {
  const { run } = paced({
    realTime: {
      nowMs: () => 0,
      wait: () => run.stop(),
    },
  })
  const { events } = await run.replay('log', lines(), () => {})
  expect(events).toBeLessThan(LOG.length)
})
