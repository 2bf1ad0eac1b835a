// Reads and checks the settings that an operator gives on the command line or in the CDK's context.

import ms from 'ms'
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
    throw new SettingError(`setting '${name}' does not exist; the settings are ${Object.keys(SETTINGS).join(', ')}`)
  }
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
