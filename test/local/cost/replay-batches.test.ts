// Tests that a replay closes every session, for any settings.

import { describe, expect, it } from 'vitest'
import { batchesOf } from '../../../bench/batches.ts'
import { idOf, standardSession } from '../../../bench/standard-session.ts'
import { readPipelineSettings, rowRulesOf, rulesOf } from '../../../infra/read-settings.ts'
import { countUnits } from '../../../local/cost/count-units.ts'

type Setting = Readonly<Record<string, string>>

const START_MS = Date.parse('2026-03-02T09:00:30Z')

/** Replays eight sessions. Returns how long after it is due each of them is closed. */
async function replayed(setting: Setting) {
  const settings = readPipelineSettings(setting)
  const rules = rulesOf(settings)
  const users = Array.from({ length: 8 }, (_, n) => standardSession(idOf(`user ${n}`), START_MS))
  const waitsMs: number[] = []
  const { sessions } = await countUnits(
    batchesOf(users, 5),
    {
      rules,
      rowRules: rowRulesOf(settings),
      sweepEveryMs: settings.sweepEvery,
      resultRetentionMs: settings.resultRetention,
    },
    {
      onClosed: ({ session }, nowMs) =>
        waitsMs.push(nowMs - (session.events.at(-1)?.timeMs ?? 0) - rules.gapMs - rules.latenessMs),
    },
  )
  return { sessions, waitsMs, sweepEveryMs: settings.sweepEvery }
}

describe('a replay', () => {
  it.each<Setting>([
    {},
    { sweepEvery: '1h' },
    { gap: '24h', lateness: '1d' },
    { gap: '24h', lateness: '1d', sweepEvery: '45m' },
  ])('closes every session with the settings %j', async (setting) => {
    const { sessions } = await replayed(setting)
    expect(sessions).toBe(8)
  })

  it.each(['5m', '30m', '45m', '1h'])('closes each session by the next sweep, one each %s', async (sweepEvery) => {
    const { waitsMs, sweepEveryMs } = await replayed({ sweepEvery })
    expect(waitsMs).toHaveLength(8)
    for (const waitMs of waitsMs) expect(waitMs).toBeLessThanOrEqual(sweepEveryMs)
  })

  it('lets Ctrl-C through between its steps', async () => {
    let turns = 0
    let isDone = false
    const turn = (): void => {
      turns++
      if (!isDone) setImmediate(turn)
    }
    setImmediate(turn)
    await replayed({})
    isDone = true
    // Two batches at least, a sweep, and the rows of sixteen sessions at once.
    expect(turns).toBeGreaterThanOrEqual(4)
  })
})
