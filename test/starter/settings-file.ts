// Writes the settings file of the starter app: each setting with its default, range and reason.

import ms from 'ms'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import { isoTime } from '../../functions/domain/events/time.ts'
import { allowedText, type Setting } from '../../infra/setting-kinds.ts'
import { PIPELINE_SETTINGS } from '../../infra/settings.ts'

const HEAD = `// Lists every setting of the pipeline with its default. Remove the slashes before a name to set it.

import { Duration } from 'aws-cdk-lib/core'
import type { SearchCtrProps } from 'search-session-ctr/construct'

export const settings: SearchCtrProps = {
`

const END = `  // Four more are resources of your account, which search-stack.ts can pass to the construct:
  // stream, encryptionKey, alarmTopic and pseudonymKey. The settings page describes them.
}
`

/** One setting is active, so that the file shows how to set the others. */
const ACTIVE = 'gap'
/** The settings without a default. */
export const EXAMPLES: ReadonlyMap<string, string> = new Map([
  ['segments', 'application,variant'],
  ['alarmEmail', 'ops@example.com'],
])
const COMMENT_WIDTH = 96
const UNITS = [
  ['days', DAY_MS],
  ['hours', HOUR_MS],
  ['minutes', MINUTE_MS],
  ['seconds', SECOND_MS],
] as const

export function settingsFile(): string {
  const entries = Object.entries(PIPELINE_SETTINGS).map(([name, setting]) => {
    const line = `${name}: ${valueText(name, setting)},`
    return [...commentOf(setting), `  ${name === ACTIVE ? '' : '// '}${line}`].join('\n')
  })
  return `${HEAD}${entries.join('\n\n')}\n\n${END}`
}

function valueText(name: string, setting: Setting): string {
  if (setting.kind === 'duration') return durationText(setting.defaultMs)
  if (setting.kind === 'time') return `Date.parse('${isoTime(setting.defaultMs).replace('.000Z', 'Z')}')`
  if (setting.kind === 'number' || setting.kind === 'flag') return String(setting.default)
  const text = setting.default ?? EXAMPLES.get(name)
  if (text === undefined) throw new Error(`the setting ${name} has neither a default nor an example`)
  return `'${text}'`
}

function durationText(durationMs: number): string {
  const [unit, unitMs] = UNITS.find(([, unitMs]) => durationMs % unitMs === 0) ?? ['millis', 1]
  return `Duration.${unit}(${durationMs / unitMs})`
}

/** Wraps the reason and the range. */
function commentOf(setting: Setting): string[] {
  const steps = setting.kind === 'duration' && setting.stepMs > 1 ? ` in steps of ${ms(setting.stepMs)}` : ''
  const sentences = [...setting.why.split('; '), `Allowed: ${allowedText(setting)}${steps}`]
  const text = sentences.map((sentence) => `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`).join(' ')
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length + 1 > COMMENT_WIDTH) lines.push(`  // ${word}`)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
