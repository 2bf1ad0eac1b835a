// Parses and checks the text of a setting by its kind.

import ms from 'ms'
import { isoTime, parseTime } from '../functions/domain/events/time.ts'

export interface DurationSetting {
  readonly kind: 'duration'
  readonly defaultMs: number
  readonly minMs: number
  readonly maxMs: number
  /** A value has to be a multiple of this. */
  readonly stepMs: number
  readonly why: string
}

export interface TimeSetting {
  readonly kind: 'time'
  readonly defaultMs: number
  readonly minMs: number
  readonly maxMs: number
  readonly why: string
}

export interface NumberSetting {
  readonly kind: 'number'
  readonly default: number
  readonly min: number
  readonly max: number
  readonly why: string
}

export interface ChoiceSetting {
  readonly kind: 'choice'
  readonly default: string
  readonly choices: readonly string[]
  readonly why: string
}

export interface FlagSetting {
  readonly kind: 'flag'
  readonly default: false
  readonly why: string
}

/** A text setting is null by default, unless it names a text. */
export interface TextSetting {
  readonly kind: 'text'
  readonly default: string | null
  readonly pattern: RegExp
  /** Describes the texts that the pattern allows. */
  readonly allowed: string
  readonly why: string
}

export type Setting = DurationSetting | TimeSetting | NumberSetting | ChoiceSetting | FlagSetting | TextSetting

/** Durations are milliseconds, times epoch milliseconds. */
export type SettingValue<S extends Setting> = S extends ChoiceSetting
  ? S['choices'][number]
  : S extends FlagSetting
    ? boolean
    : S extends TextSetting
      ? string | Extract<S['default'], null>
      : number

/** A setting is unknown or invalid. The message names it, its value and what is allowed. */
export class SettingError extends Error {
  override readonly name = 'SettingError'
}

export function duration(defaultMs: number, minMs: number, maxMs: number, stepMs: number, why: string) {
  return { kind: 'duration', defaultMs, minMs, maxMs, stepMs, why } as const satisfies DurationSetting
}

/** @param min and `max` are ISO 8601. */
export function time(defaultMs: number, min: string, max: string, why: string) {
  return { kind: 'time', defaultMs, minMs: Date.parse(min), maxMs: Date.parse(max), why } as const satisfies TimeSetting
}

export function number(value: number, min: number, max: number, why: string) {
  return { kind: 'number', default: value, min, max, why } as const satisfies NumberSetting
}

export function flag(why: string) {
  return { kind: 'flag', default: false, why } as const satisfies FlagSetting
}

export function text(pattern: RegExp, allowed: string, why: string) {
  return { kind: 'text', default: null, pattern, allowed, why } as const satisfies TextSetting
}

/** @param sent as the operator typed it; undefined for the default. */
export function readSetting(name: string, setting: Setting, sent: unknown): number | string | boolean | null {
  if (sent === undefined) return 'defaultMs' in setting ? setting.defaultMs : setting.default
  if (setting.kind === 'duration') return readDuration(name, setting, sent)
  if (setting.kind === 'time') return readTimeSetting(name, setting, sent)
  if (setting.kind === 'number') return readNumber(name, setting, sent)
  const value = String(sent)
  if (setting.kind === 'flag') {
    if (value === 'true' || value === 'false') return value === 'true'
  } else if (setting.kind === 'choice' ? setting.choices.includes(value) : setting.pattern.test(value)) return value
  throw new SettingError(
    `setting ${name}: '${value}' is not ${setting.kind === 'text' ? '' : 'one of '}${allowedText(setting)}`,
  )
}

function readDuration(name: string, setting: DurationSetting, sent: unknown): number {
  const value = parseDuration(String(sent))
  const isAllowed = value >= setting.minMs && value <= setting.maxMs && value % setting.stepMs === 0
  if (isAllowed) return value
  const whole = setting.stepMs > 1 ? ` in steps of ${ms(setting.stepMs)}` : ''
  const range = `${allowedText(setting)}${whole}`
  throw new SettingError(`setting ${name}: '${sent}' is not a duration of ${range} (written 10s, 30m, 12h or 7d)`)
}

/** Accepts epoch milliseconds as a number, which the construct's property is. */
function readTimeSetting(name: string, setting: TimeSetting, sent: unknown): number {
  const value = parseTime(sent)
  if (value !== null && value >= setting.minMs && value <= setting.maxMs) return value
  throw new SettingError(
    `setting ${name}: '${sent}' is not a time from ${allowedText(setting)} (written with its zone)`,
  )
}

/** Returns NaN for a text that is no duration. A number without a unit is milliseconds. */
function parseDuration(sent: string): number {
  const parsed: number | undefined =
    sent.trim() === '' || sent.length > 100 ? undefined : ms(sent.trim() as ms.StringValue)
  return parsed === undefined ? Number.NaN : Math.round(parsed)
}

function readNumber(name: string, setting: NumberSetting, sent: unknown): number {
  const value = String(sent).trim() === '' ? Number.NaN : Number(sent)
  if (Number.isInteger(value) && value >= setting.min && value <= setting.max) return value
  throw new SettingError(`setting ${name}: '${sent}' is not a whole number from ${allowedText(setting)}`)
}

/** The allowed values, as error messages and docs/settings.md show them. */
export function allowedText(setting: Setting): string {
  if (setting.kind === 'duration') return `${ms(setting.minMs)} to ${ms(setting.maxMs)}`
  if (setting.kind === 'time') return `${shortTime(setting.minMs)} to ${shortTime(setting.maxMs)}`
  if (setting.kind === 'number') return `${setting.min} to ${setting.max}`
  if (setting.kind === 'flag') return 'true, false'
  return setting.kind === 'choice' ? setting.choices.join(', ') : setting.allowed
}

export function defaultText(setting: Setting): string {
  if (setting.kind === 'time') return shortTime(setting.defaultMs)
  return setting.kind === 'duration' ? ms(setting.defaultMs) : String(setting.default ?? '')
}

function shortTime(timeMs: number): string {
  return isoTime(timeMs).replace('.000Z', 'Z')
}
