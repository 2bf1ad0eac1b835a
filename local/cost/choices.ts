// Compares what a log costs with several settings, and finds the cheapest.

import { MINUTE_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import { PIPELINE_SETTINGS, type PipelineSettings } from '../../infra/settings.ts'
import type { LoggedRecord } from './log-batches.ts'
import { CLOSINGS_PER_CPU_SECOND, coresOf } from './measured-cpu.ts'
import { type MonthDollars, type MonthFlink, monthDollars, monthFlink, shardsFor } from './month-dollars.ts'
import { type MonthUnits, monthUnits } from './month-units.ts'
import { SECONDS_A_MONTH, USE } from './prices.ts'
import { shardLoad, type Traffic } from './replayed-log.ts'

/** The settings that change what events cost, or that a rate of events needs. */
export type ChosenSettings = Pick<
  PipelineSettings,
  'batchWindow' | 'shards' | 'streamMode' | 'tableBilling' | 'sweepers' | 'tableWriteUnitsMax' | 'tableReadUnitsMax'
>

export interface Choice {
  readonly settings: ChosenSettings
  /** How long a batch waits until it is full or the window ends. */
  readonly waitMs: number
  readonly dollars: MonthDollars
}

export interface Comparison {
  readonly month: MonthUnits
  /** The settings as they are, with what the rate needs. */
  readonly own: Choice
  /** All, the cheapest first. */
  readonly choices: readonly Choice[]
  readonly flink: MonthFlink
}

const WINDOWS_MS = [30 * SECOND_MS, MINUTE_MS, 2 * MINUTE_MS, 5 * MINUTE_MS]
/** AWS gives a new on-demand stream so many shards. */
const ON_DEMAND_SHARDS = 4

type Stream = Pick<ChosenSettings, 'batchWindow' | 'shards' | 'streamMode'>

/** @param onProgress receives how many of how many replays are done, with fractions. */
export async function compareChoices(
  records: readonly LoggedRecord[],
  eventsPerSecond: number,
  settings: PipelineSettings,
  onProgress: (done: number, of: number) => void = () => {},
): Promise<Comparison> {
  const streams = streamChoices(records, eventsPerSecond, settings)
  const found: { readonly month: MonthUnits; readonly choices: readonly Choice[] }[] = []
  for (const stream of streams) {
    const traffic: Traffic = { records, eventsPerSecond, shards: stream.shards }
    const changed = { ...settings, ...stream }
    const month = await monthUnits(traffic, changed, (done, of) => onProgress(found.length + done / of, streams.length))
    const billings = [
      settings.tableBilling,
      settings.tableBilling === 'on-demand' ? 'provisioned' : 'on-demand',
    ] as const
    const choices = billings.map((tableBilling): Choice => {
      const chosen = { ...stream, tableBilling, ...needed(month, { ...changed, tableBilling }) }
      return { settings: chosen, waitMs: month.waitMs, dollars: monthDollars(month, traffic, changed, chosen) }
    })
    found.push({ month, choices })
  }
  const [first] = found
  const own = first?.choices[0]
  if (first === undefined || own === undefined) throw new Error('there is no choice of settings')
  return {
    month: first.month,
    own,
    choices: found.flatMap(({ choices }) => choices).sort((a, b) => a.dollars.total - b.dollars.total),
    flink: monthFlink(first.month, { records, eventsPerSecond, shards: own.settings.shards }, settings),
  }
}

/**
 * Returns the settings as they are, and then other windows, more shards where batches are full
 * before the window ends, and the other kind of stream.
 */
function streamChoices(
  records: readonly LoggedRecord[],
  eventsPerSecond: number,
  settings: PipelineSettings,
): readonly Stream[] {
  const { batchWindow, streamMode } = settings
  const needed = shardsFor({ records, eventsPerSecond })
  const leastShards = (mode: PipelineSettings['streamMode']): number =>
    mode === 'on-demand' ? Math.max(ON_DEMAND_SHARDS, needed) : needed
  const waitMs = (stream: Stream): number =>
    shardLoad({ records, eventsPerSecond, shards: stream.shards }, { ...settings, ...stream }).windowMs
  /** Adds shards until the window ends a batch. */
  const filledByTime = (stream: Stream): Stream => {
    const windows = stream.batchWindow / Math.max(1, waitMs(stream))
    const shards = Math.max(stream.shards, Math.ceil(stream.shards * windows))
    return { ...stream, shards: Math.min(PIPELINE_SETTINGS.shards.max, shards) }
  }
  const least: Stream = { batchWindow, shards: leastShards(streamMode), streamMode }
  const own = streamMode === 'on-demand' ? least : { ...least, shards: Math.max(settings.shards, needed) }
  const windows = [least, ...WINDOWS_MS.map((window) => ({ ...least, batchWindow: window }))]
  const withShards = streamMode === 'on-demand' ? [] : windows.map(filledByTime)
  const otherMode = streamMode === 'on-demand' ? 'provisioned' : 'on-demand'
  const other: Stream = { ...own, streamMode: otherMode, shards: leastShards(otherMode) }
  const all = [own, ...windows, ...withShards, other]
  const keyOf = (stream: Stream): string => JSON.stringify([waitMs(stream), stream.shards, stream.streamMode])
  return all.filter((stream, n) => all.findIndex((earlier) => keyOf(earlier) === keyOf(stream)) === n)
}

/** Returns the settings that the rate needs, where those given are too small. */
function needed(
  { write, read, closings }: MonthUnits,
  settings: PipelineSettings,
): Pick<ChosenSettings, 'sweepers' | 'tableWriteUnitsMax' | 'tableReadUnitsMax'> {
  const closedPerSecond = CLOSINGS_PER_CPU_SECOND * coresOf(settings.sweepMemoryMb) * USE
  const sweepers = Math.max(settings.sweepers, Math.ceil(closings / SECONDS_A_MONTH / closedPerSecond))
  const perSecond = (units: number): number => Math.ceil(units / SECONDS_A_MONTH / USE)
  const { tableBilling, tableWriteUnitsMax, tableReadUnitsMax } = settings
  if (tableBilling === 'on-demand') return { sweepers, tableWriteUnitsMax, tableReadUnitsMax }
  return {
    sweepers,
    tableWriteUnitsMax: Math.max(tableWriteUnitsMax, perSecond(Math.max(write.sessions, write.results + write.sums))),
    tableReadUnitsMax: Math.max(tableReadUnitsMax, perSecond(Math.max(read.sessions + read.results, read.sums))),
  }
}
