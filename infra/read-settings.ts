// Reads and checks the settings that an operator gives on the command line or in the CDK's context.

import ms from 'ms'
import type { RULE_VARIABLES } from '../functions/contract.ts'
import { segmentNames } from '../functions/domain/results/segment-names.ts'
import { readSetting, type Setting, SettingError } from './setting-kinds.ts'
import { PIPELINE_SETTINGS, type PipelineSettings, SETTINGS, type Settings } from './settings.ts'

/**
 * Throws `SettingError` for an invalid value.
 *
 * @param sent texts by name, as `-c name=value` gives them. An absent one has its default.
 */
export function readSettings(sent: Readonly<Record<string, unknown>>): Settings {
  return readEach(SETTINGS, sent) as Settings
}

/** Reads only the pipeline's settings, as `readSettings` does. */
export function readPipelineSettings(sent: Readonly<Record<string, unknown>>): PipelineSettings {
  return readEach(PIPELINE_SETTINGS, sent) as PipelineSettings
}

/** Returns the settings by the names that they have as `Rules`. */
export function rulesOf(settings: PipelineSettings) {
  return {
    gapMs: settings.gap,
    latenessMs: settings.lateness,
    amendForMs: settings.amendFor,
    lateEvents: settings.lateEvents,
    maxClockSkewMs: settings.maxClockSkew,
    minEventTimeMs: settings.minEventTime,
    ubiOrdinalsFrom: settings.ubiOrdinalsFrom,
    maxSessionEvents: settings.maxSessionEvents,
    maxSessionDurationMs: settings.maxSessionDuration,
    resultRetentionMs: settings.resultRetention,
  } satisfies Record<keyof typeof RULE_VARIABLES, string | number>
}

/** Returns the settings by the names that they have as `RowRules`. */
export function rowRulesOf({ satisfiedDwell, reformulatedWithin, segments }: PipelineSettings) {
  return {
    satisfiedDwellMs: satisfiedDwell,
    reformulatedWithinMs: reformulatedWithin,
    segments: segmentNames(segments ?? ''),
  }
}

/** Checks settings that depend on one another. Throws `SettingError`. */
export function checkTogether({ amendFor, resultRetention, rollupRetention }: PipelineSettings): void {
  if (resultRetention <= amendFor) {
    throw new SettingError(
      `setting resultRetention: '${ms(resultRetention)}' is not longer than amendFor (${ms(amendFor)})`,
    )
  }
  if (rollupRetention < resultRetention) {
    const shortest = `resultRetention (${ms(resultRetention)})`
    throw new SettingError(`setting rollupRetention: '${ms(rollupRetention)}' is shorter than ${shortest}`)
  }
}

function readEach(known: Readonly<Record<string, Setting>>, sent: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(known).map(([name, setting]) => [name, readSetting(name, setting, sent[name])]),
  )
}

/** Throws `SettingError` for a name that is no setting. */
export function checkSettingName(name: string): void {
  if (!Object.hasOwn(SETTINGS, name)) {
    const names = Object.keys(SETTINGS)
    const similar = names.find((known) => areSimilar(name.toLowerCase(), known.toLowerCase()))
    const hint = similar === undefined ? '' : ` (did you mean ${similar}?)`
    throw new SettingError(`setting '${name}' does not exist${hint}; the settings are ${names.join(', ')}`)
  }
}

/** Returns true for names that differ in one character, or in the order of two neighbours. */
function areSimilar(a: string, b: string): boolean {
  if (a === b) return true
  if (a.length > b.length) return areSimilar(b, a)
  if (b.length - a.length > 1) return false
  const at = [...a].findIndex((character, index) => character !== b[index])
  const start = at === -1 ? a.length : at
  if (a.length < b.length) return a.slice(start) === b.slice(start + 1)
  const isSwapped = a[start] === b[start + 1] && a[start + 1] === b[start] && a.slice(start + 2) === b.slice(start + 2)
  return isSwapped || a.slice(start + 1) === b.slice(start + 1)
}

/**
 * Reads the settings in the context of a construct tree. Throws `SettingError` for a plain word
 * that is no setting, since it must be mistyped.
 */
export function readContext(node: { getAllContext(): Record<string, unknown> }): Settings {
  const context = node.getAllContext()
  // The CDK's own keys all contain a colon or a slash.
  for (const name of Object.keys(context)) if (!/[:/]/.test(name)) checkSettingName(name)
  return readSettings(context)
}
