// Tests the model of what a month of a log's events costs.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { trafficLog } from '../../../bench/cost/cost-logs.ts'
import { changedSettings, costText } from '../../../cli/cost/cost-text.ts'
import { readPipelineSettings, readSettings } from '../../../infra/read-settings.ts'
import { compareChoices } from '../../../local/cost/choices.ts'
import { FLINK_EVENTS_PER_UNIT, flinkDollars } from '../../../local/cost/flink.ts'
import type { LoggedRecord } from '../../../local/cost/log-batches.ts'
import { monthDollars, monthFlink, shardsFor } from '../../../local/cost/month-dollars.ts'
import { type MonthUnits, monthUnits } from '../../../local/cost/month-units.ts'
import { unitDollars } from '../../../local/cost/prices.ts'
import type { SentEvent } from '../../../samples/tutorial-events.ts'

const SETTINGS = readPipelineSettings({})
const COMMITTED = JSON.parse(readFileSync(new URL('../../../bench/units.json', import.meta.url), 'utf8'))
const EVENTS_A_SESSION = 10

function recordsOf(log: readonly SentEvent[]): LoggedRecord[] {
  return log.map((event) => ({
    user: event.user as string,
    timeMs: Date.parse(event.time as string),
    data: Buffer.from(JSON.stringify(event)),
    events: 1,
  }))
}

const RECORDS = recordsOf(trafficLog(10, 60))

function month(eventsPerSecond: number, setting: Readonly<Record<string, string>> = {}): Promise<MonthUnits> {
  const shards = shardsFor({ records: RECORDS, eventsPerSecond })
  return monthUnits({ records: RECORDS, eventsPerSecond, shards }, readPipelineSettings(setting))
}

/** Write units a session, without sums and dirty hours, which the bench leaves out. */
function sessionUnits({ write, events }: MonthUnits): number {
  return ((write.sessions + write.results + write.index) / events) * EVENTS_A_SESSION
}

describe('the units of a month', () => {
  it('differ from those of the bench by less than 5 % at the same rate and window', async () => {
    const measured = COMMITTED['deployed 10'].allWrites
    const found = sessionUnits(await month(10))
    expect(Math.abs(found / measured - 1)).toBeLessThan(0.05)
  })

  it('are fewer for an event where more users share timers and batches', async () => {
    const [few, many] = [sessionUnits(await month(0.1)), sessionUnits(await month(10))]
    expect(many).toBeLessThan(few * 0.85)
  })

  it('run and read as many sweepers as the closings need', async () => {
    const { sweepers, invocations } = await month(10_000)
    expect(sweepers).toBeGreaterThan(1)
    expect(invocations.sweep).toBe(((730 * 3600_000) / SETTINGS.sweepEvery) * sweepers)
  })

  it('have none of the index and of sums without rollups', async () => {
    const { write, read } = await month(10, { rollups: 'off' })
    expect([write.index, write.sums, read.sums]).toEqual([0, 0, 0])
  })

  it('have more of sums by the labels that a setting names, and no more of anything else', async () => {
    const labelled = recordsOf(
      trafficLog(10, 60).map((event, n) =>
        event.type === 'Search' ? { ...event, labels: { application: `shop ${n % 9}`, variant: `${n % 2}` } } : event,
      ),
    )
    const unitsBy = async (setting: Readonly<Record<string, string>>) =>
      (await monthUnits({ records: labelled, eventsPerSecond: 10, shards: 1 }, readPipelineSettings(setting))).write
    const whole = await unitsBy({})
    const byTwo = await unitsBy({ segments: 'application,variant' })
    const byMany = await unitsBy({ segments: 'application,variant', segmentValuesMax: '1' })
    expect(byTwo.sums).toBeGreaterThan(1.5 * whole.sums)
    expect(byMany.sums).toBeLessThan(byTwo.sums)
    expect({ ...byTwo, sums: whole.sums }).toEqual(whole)
  })

  it('are fewer with longer windows', async () => {
    const [short, long] = [await month(10, { batchWindow: '30s' }), await month(10, { batchWindow: '5m' })]
    expect(sessionUnits(long)).toBeLessThan(sessionUnits(short))
    expect([short.waitMs, long.waitMs]).toEqual([30_000, 300_000])
  })
})

describe('the dollars of a month', () => {
  it('are the sum of the parts', async () => {
    const traffic = { records: RECORDS, eventsPerSecond: 10, shards: 1 }
    const { total, ...parts } = monthDollars(await month(10), traffic, SETTINGS, SETTINGS)
    expect(Object.values(parts).reduce((a, b) => a + b)).toBeCloseTo(total)
    expect(Math.min(...Object.values(parts))).toBeGreaterThanOrEqual(0)
  })
})

describe('managed Flink', () => {
  it('pays for the same stream and rows', async () => {
    const packed = [{ ...(RECORDS[0] as LoggedRecord), events: RECORDS.length }]
    const traffic = { records: packed, eventsPerSecond: 1000, shards: 1 }
    const found = await monthUnits(traffic, SETTINGS)
    const { fast } = monthFlink(found, traffic, SETTINGS, 12)
    const rows = (found.replayed.counted.write.rows * found.events) / RECORDS.length
    expect(fast - unitDollars(rows, 0)).toBeCloseTo(flinkDollars(1000, FLINK_EVENTS_PER_UNIT.fast, 12))
  })
})

describe('the choices', () => {
  it('are in the order of their dollars, and hold the settings given', async () => {
    const { choices, own } = await compareChoices(RECORDS, 10, SETTINGS)
    const dollars = choices.map((choice) => choice.dollars.total)
    expect(dollars).toEqual(dollars.toSorted((a, b) => a - b))
    expect(choices).toContain(own)
    expect(own.settings).toMatchObject({ batchWindow: 120_000, shards: 1, tableBilling: 'on-demand' })
  })

  it('have more shards where full batches end before the window', async () => {
    const { choices } = await compareChoices(RECORDS, 1000, SETTINGS)
    const full = choices.find(({ settings, waitMs }) => settings.batchWindow === 120_000 && waitMs === 120_000)
    expect(full?.settings.shards).toBeGreaterThan(10)
  })

  it('have fewer shards where the settings have more than the rate needs', async () => {
    const { choices, own } = await compareChoices(RECORDS, 1, { ...SETTINGS, shards: 3 })
    expect(own.settings.shards).toBe(3)
    expect(choices[0]?.settings.shards).toBe(1)
  })

  it('raise the limits of tables and the sweepers as far as the rate needs', async () => {
    const { choices } = await compareChoices(RECORDS, 10_000, SETTINGS)
    const provisioned = choices.find(({ settings }) => settings.tableBilling === 'provisioned')
    expect(provisioned?.settings.tableWriteUnitsMax).toBeGreaterThan(SETTINGS.tableWriteUnitsMax)
    expect(provisioned?.settings.sweepers).toBeGreaterThan(1)
  })

  /** So large that 20,000 of them a second need more shards than a stream may have. */
  const LARGE = RECORDS.slice(0, 200).map((record) => ({
    ...record,
    data: Buffer.concat([record.data, Buffer.alloc(27_000, ' ')]),
  }))

  it.each([
    ['small', RECORDS],
    ['large', LARGE],
  ])('are settings that a deployment accepts, with enough shards for %s records', async (_, records) => {
    const { choices } = await compareChoices(records, 20_000, SETTINGS)
    const shardsMin = shardsFor({ records, eventsPerSecond: 20_000 })
    expect(choices).not.toHaveLength(0)
    for (const { settings } of choices) {
      expect(() => readSettings(changedSettings(settings, SETTINGS))).not.toThrow()
      if (settings.streamMode === 'provisioned') expect(settings.shards).toBeGreaterThanOrEqual(shardsMin)
    }
  })

  it('leave out the settings given where the rate needs more shards than a stream may have', async () => {
    const comparison = await compareChoices(LARGE, 20_000, SETTINGS)
    expect(comparison.choices).not.toContain(comparison.own)
    expect(costText(comparison, 20_000)).toMatch(/which needs shards=\d+ \(at most 500\)\.$/m)
  })
})
