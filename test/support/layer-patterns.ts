// Types a layer, and names the files, packages and code that several layers allow or forbid.

export interface Layer {
  readonly name: string
  readonly files: RegExp
  /** Files from the project's root, and packages. */
  readonly imports: readonly RegExp[]
  readonly importsAsTypes?: readonly RegExp[]
  readonly forbids?: Readonly<Record<string, RegExp>>
}

export const ORIGIN = /^functions\/domain\/[^/]+\.ts$/
export const EVENTS = /^functions\/domain\/events\//
export const SESSIONS = /^functions\/domain\/sessions\//
export const RESULTS = /^functions\/domain\/results\//
export const DOMAIN = /^functions\/domain\//
export const DURATIONS = /^functions\/domain\/durations\.ts$/
/** Reads and writes times, and has the default of `minEventTime`. */
export const EVENT_TIMES = /^functions\/domain\/events\/time(-field)?\.ts$/
/** Has the default and the form of the setting `ubiOrdinalsFrom`. */
export const UBI_ORDINALS = /^functions\/domain\/events\/ubi-ordinals\.ts$/
/** Has the form of the setting `segments`. */
export const SEGMENT_NAMES = /^functions\/domain\/results\/segment-names\.ts$/
export const PORTS = /^functions\/(result-)?ports\.ts$/
export const CONTRACT = /^functions\/contract\.ts$/
export const ADAPTERS = /^functions\/aws\//
export const MEMORY = /^functions\/memory\//
export const ALL_BUT_HANDLERS = /^functions\/(?![^/]+\/handler\.ts$)/
/** Files beside the step folders, which several steps share. */
export const SHARED_STEPS = /^functions\/(?!contract\.ts|(result-)?ports\.ts)[^/]+\.ts$/
export const SETTINGS = /^infra\/(settings|stack-settings|setting-kinds|read-settings|function-environment)\.ts$/
export const COMPARE = /^compare\//
export const TERMINAL = /^terminal\//
export const SAMPLES = /^samples\//
export const SDK = [/^@aws-sdk\//, /^@smithy\//]
/** A pipeline reports to it, so that a person can watch. */
export const OBSERVER = /^watch\/watched-pipeline\.ts$/
export const NODE = /^node:/
export const JSTAT = /^jstat$/
export const P_MAP = /^p-map$/
export const CLOCK = /\bDate\.now\b/
const RANDOM = /\bMath\.random\b/

export const NO_CLOCK = { 'Date.now': CLOCK, 'Math.random': RANDOM, 'process.env': /\bprocess\.env\b/ }
export const PURE = {
  'Date.now': CLOCK,
  'Math.random': RANDOM,
  'new Date without arguments': /\bnew\s+Date\b(?!\s*\(\s*[^)\s])/,
  'node:': /\bnode:/,
}

/** Tests run several commands in one process, so a command uses its terminal instead of these. */
export const NO_PROCESS = {
  'the process instead of its terminal': /\bprocess\.(std(in|out|err)|argv|env|cwd|exit|exitCode|on|once)\b/,
  console: /\bconsole\./,
}
