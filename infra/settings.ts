// Every number of a deployment, with its reason: `-c name=value` texts in, typed and checked settings out.

import ms from 'ms'
import { SESSION_DURATION_MS_MAX } from '../functions/contract.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

interface DurationSetting {
  readonly kind: 'duration'
  readonly defaultMs: number
  readonly minMs: number
  readonly maxMs: number
  /** The value has to be a multiple of this. */
  readonly stepMs: number
  readonly why: string
}

interface NumberSetting {
  readonly kind: 'number'
  readonly default: number
  readonly min: number
  readonly max: number
  readonly why: string
}

interface ChoiceSetting {
  readonly kind: 'choice'
  readonly default: string
  readonly choices: readonly string[]
  readonly why: string
}

type Setting = DurationSetting | NumberSetting | ChoiceSetting

function duration(defaultMs: number, minMs: number, maxMs: number, stepMs: number, why: string): DurationSetting {
  return { kind: 'duration', defaultMs, minMs, maxMs, stepMs, why }
}

function number(value: number, min: number, max: number, why: string): NumberSetting {
  return { kind: 'number', default: value, min, max, why }
}

export const SETTINGS = {
  gap: duration(30 * MINUTE, SECOND, DAY, 1, 'the longest pause inside a session; what web analytics agreed on'),
  lateness: duration(MINUTE, 0, DAY, 1, 'how long to wait for events out of order; later ones amend'),
  amendFor: duration(7 * DAY, 0, 30 * DAY, 1, 'how late an event may be and still amend: a phone offline for a week'),
  lateEvents: {
    kind: 'choice',
    default: 'amend',
    choices: ['amend', 'divert'],
    why: 'amend: late events correct results; divert: they go to the dead letters and a result is final',
  },
  maxClockSkew: duration(5 * MINUTE, 0, DAY, 1, 'an event further in the future would move its user’s clock'),
  maxSessionEvents: number(1000, 2, 5000, 'more is a robot; keeps one session in one table item'),
  maxSessionDuration: duration(12 * HOUR, MINUTE, SESSION_DURATION_MS_MAX, 1, 'longer is a robot or a kiosk'),
  sweepEvery: duration(MINUTE, MINUTE, HOUR, MINUTE, 'how late a due session may be closed'),
  batchSize: number(500, 1, 10_000, 'records in one invocation; 500 ordinary ones are 0.5 MB of at most 6'),
  batchWindow: duration(30 * SECOND, 0, 300 * SECOND, SECOND, 'waiting for a user’s next event saves a write'),
  shards: number(1, 1, 500, 'each takes 1,000 records or 1 MB a second'),
  streamRetention: duration(DAY, DAY, 7 * DAY, HOUR, 'how long an outage may last; more than a day costs extra'),
  resultRetention: duration(400 * DAY, DAY, 3650 * DAY, DAY, 'a year to compare with, and a month to look'),
  deadLetterRetention: duration(30 * DAY, DAY, 365 * DAY, DAY, 'time to find out and send again'),
} as const satisfies Readonly<Record<string, Setting>>

export type SettingName = keyof typeof SETTINGS

type Value<S extends Setting> = S extends ChoiceSetting ? S['choices'][number] : number

/** Durations are milliseconds. */
export type Settings = { readonly [name in SettingName]: Value<(typeof SETTINGS)[name]> }

/** A setting that cannot be: its message names the setting, its value and what is allowed. */
export class SettingError extends Error {}

/** @param sent texts by name, as `-c name=value` gives them; what is absent has its default. */
export function readSettings(sent: Readonly<Record<string, unknown>>): Settings {
  const entries = Object.entries(SETTINGS).map(([name, setting]) => [name, readSetting(name, setting, sent[name])])
  return Object.fromEntries(entries) as Settings
}

/** Throws for a name that is no setting. */
export function checkSettingName(name: string): void {
  if (!Object.hasOwn(SETTINGS, name)) {
    throw new SettingError(`setting '${name}' does not exist; there are ${Object.keys(SETTINGS).join(', ')}`)
  }
}

function readSetting(name: string, setting: Setting, sent: unknown): number | string {
  if (setting.kind === 'duration') return sent === undefined ? setting.defaultMs : readDuration(name, setting, sent)
  if (sent === undefined) return setting.default
  if (setting.kind === 'number') return readNumber(name, setting, sent)
  if (setting.choices.includes(String(sent))) return String(sent)
  throw new SettingError(`setting ${name}: '${sent}' is not one of ${setting.choices.join(', ')}`)
}

function readDuration(name: string, setting: DurationSetting, sent: unknown): number {
  const value = parseDuration(String(sent))
  const isFit = value >= setting.minMs && value <= setting.maxMs && value % setting.stepMs === 0
  if (isFit) return value
  const whole = setting.stepMs > 1 ? ` in steps of ${ms(setting.stepMs)}` : ''
  const range = `${durationText(setting.minMs)} to ${durationText(setting.maxMs)}${whole}`
  throw new SettingError(`setting ${name}: '${sent}' is not a duration of ${range} (written 10s, 30m, 12h or 7d)`)
}

/** NaN for what is no duration. A number without a unit is milliseconds. */
function parseDuration(sent: string): number {
  const parsed: number | undefined =
    sent.trim() === '' || sent.length > 100 ? undefined : ms(sent.trim() as ms.StringValue)
  return parsed === undefined ? Number.NaN : Math.round(parsed)
}

export function durationText(durationMs: number): string {
  return ms(durationMs)
}

function readNumber(name: string, setting: NumberSetting, sent: unknown): number {
  const value = String(sent).trim() === '' ? Number.NaN : Number(sent)
  if (Number.isInteger(value) && value >= setting.min && value <= setting.max) return value
  throw new SettingError(`setting ${name}: '${sent}' is not a whole number from ${setting.min} to ${setting.max}`)
}

/** The settings among a construct tree's context. Throws for a plain word that is no setting: it is mistyped. */
export function readContext(node: { getAllContext(): Record<string, unknown> }): Settings {
  const context = node.getAllContext()
  // CDK's own keys all hold a colon or a slash.
  for (const name of Object.keys(context)) if (/^\w+$/.test(name)) checkSettingName(name)
  return readSettings(context)
}
