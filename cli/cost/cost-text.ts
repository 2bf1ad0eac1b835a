// Prints what a month costs as tables.

import ms from 'ms'
import { readPipelineSettings } from '../../infra/read-settings.ts'
import type { Choice, ChosenSettings, Comparison } from '../../local/cost/choices.ts'
import type { MonthDollars, MonthFlink } from '../../local/cost/month-dollars.ts'
import type { MonthUnits } from '../../local/cost/month-units.ts'
import { columns } from '../../terminal/text-table.ts'

const PARTS: Readonly<Record<Exclude<keyof MonthDollars, 'total'>, string>> = {
  sessionWrites: 'sessions, written',
  resultWrites: 'results, written',
  indexWrites: 'index by hour, written',
  sumWrites: 'sums of hours, days and queries, written',
  reads: 'reads',
  stream: 'stream',
  lambda: 'Lambda',
  deadLetters: 'dead letters, put to S3',
  watching: 'CloudWatch alarms, metrics and dashboard',
}

export function costText({ month, own, choices, flink }: Comparison, eventsPerSecond: number): string {
  const [cheapest = own] = choices
  return [
    `A batch waits ${seconds(month.waitMs)}${waitReason(own)} and holds ${userEvents(month)} of a user's events on average.`,
    '',
    columns([
      ['part', 'units a million events', '$ a month'],
      ...Object.entries(PARTS).map(([part, name]) => [
        name,
        unitText(unitsOf(part as keyof MonthDollars, month), month.events),
        dollarText(own.dollars[part as keyof MonthDollars]),
      ]),
      ['all', '', dollarText(own.dollars.total)],
    ]),
    '',
    columns([
      ['batchWindow', 'shards', 'waits', 'streamMode', 'tableBilling', '$ a month'],
      ...choices.map((choice) => choiceRow(choice, choice === own)),
    ]),
    '',
    `Cheapest: ${settingsText(cheapest.settings, own.settings)} (${dollarText(cheapest.dollars.total)}).`,
    ...(cheapest.waitMs > own.waitMs
      ? [`Sessions then close up to ${seconds(cheapest.waitMs - own.waitMs)} later.`]
      : []),
    `Managed Flink: ${flinkText(flink)}.`,
    `Prices are those of us-east-1 at ${eventsPerSecond} events a second all month. Storage, backups and logs come on top.`,
  ].join('\n')
}

function flinkText({ fast, slow }: MonthFlink): string {
  if (fast === slow) return dollarText(fast)
  return `${dollarText(fast)} where a unit takes 20,000 events a second, ${dollarText(slow)} where it takes 1,000`
}

function waitReason({ settings, waitMs }: Choice): string {
  return waitMs < settings.batchWindow ? ', until it is full,' : ''
}

function userEvents({ records, userBatches }: MonthUnits): string {
  return (records / userBatches).toFixed(1)
}

function unitsOf(part: keyof MonthDollars, { write, read }: MonthUnits): number | null {
  if (part === 'sessionWrites') return write.sessions
  if (part === 'resultWrites') return write.results
  if (part === 'indexWrites') return write.index
  if (part === 'sumWrites') return write.sums
  return part === 'reads' ? read.sessions + read.results + read.sums : null
}

function unitText(units: number | null, events: number): string {
  return units === null ? '' : Math.round((units * 1e6) / events).toLocaleString('en-US')
}

function dollarText(dollars: number): string {
  return `$${dollars.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`
}

function choiceRow({ settings, waitMs, dollars }: Choice, isOwn: boolean): string[] {
  const { batchWindow, shards, streamMode, tableBilling } = settings
  return [
    ms(batchWindow),
    streamMode === 'on-demand' ? '-' : String(shards),
    seconds(waitMs),
    streamMode,
    tableBilling,
    `${dollarText(dollars.total)}${isOwn ? '  (the settings given)' : ''}`,
  ]
}

function seconds(durationMs: number): string {
  return `${Math.round(durationMs / 1000)} s`
}

const DEFAULTS = readPipelineSettings({})

/** Returns the texts of the chosen settings that differ from the defaults, or from those given. */
export function changedSettings(chosen: ChosenSettings, given: ChosenSettings): Record<string, string> {
  // AWS chooses the shards of an on-demand stream.
  const { shards: _, ...ofOnDemand } = chosen
  const names = Object.keys(chosen.streamMode === 'on-demand' ? ofOnDemand : chosen) as (keyof ChosenSettings)[]
  const changed = names.filter((name) => chosen[name] !== DEFAULTS[name] || chosen[name] !== given[name])
  return Object.fromEntries(
    changed.map((name) => [name, name === 'batchWindow' ? ms(chosen[name]) : String(chosen[name])]),
  )
}

function settingsText(chosen: ChosenSettings, given: ChosenSettings): string {
  const changed = Object.entries(changedSettings(chosen, given))
  return changed.length === 0 ? 'the defaults' : changed.map(([name, value]) => `${name}=${value}`).join(' ')
}
