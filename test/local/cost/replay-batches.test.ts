// Tests that a replay closes every session, for any settings.

import { describe, expect, it } from 'vitest'
import { batchesOf } from '../../../bench/batches.ts'
import { idOf, standardSession } from '../../../bench/standard-session.ts'
import { readPipelineSettings, rulesOf, successRulesOf } from '../../../infra/read-settings.ts'
import { countUnits } from '../../../local/cost/count-units.ts'

const START_MS = Date.parse('2026-03-02T09:00:30Z')

describe('a replay', () => {
  it.each([
    {},
    { sweepEvery: '1h' },
    { gap: '24h', lateness: '1d' },
    { gap: '24h', lateness: '1d', sweepEvery: '45m' },
  ])('closes every session with the settings %j', async (setting) => {
    const settings = readPipelineSettings(setting)
    const users = Array.from({ length: 8 }, (_, n) => standardSession(idOf(`user ${n}`), START_MS + n * 400_000))
    const counted = await countUnits(batchesOf(users, 5), {
      rules: rulesOf(settings),
      success: successRulesOf(settings),
      sweepEveryMs: settings.sweepEvery,
      resultRetentionMs: settings.resultRetention,
    })
    expect(counted.sessions).toBe(8)
  })
})
