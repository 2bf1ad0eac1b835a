// States which files of the source may import which, and finds what breaks that.

import { type Import, importsIn, type SourceFile, targetOf, withoutComments } from './imports.ts'

interface Layer {
  readonly name: string
  readonly files: RegExp
  /** Files from the project's root, and packages. */
  readonly imports: readonly RegExp[]
  readonly importsAsTypes?: readonly RegExp[]
  readonly forbids?: Readonly<Record<string, RegExp>>
}

const ORIGIN = /^functions\/domain\/[^/]+\.ts$/
const EVENTS = /^functions\/domain\/events\//
const SESSIONS = /^functions\/domain\/sessions\//
const RESULTS = /^functions\/domain\/results\//
const DOMAIN = /^functions\/domain\//
const DURATIONS = /^functions\/domain\/durations\.ts$/
const PORTS = /^functions\/(result-)?ports\.ts$/
const CONTRACT = /^functions\/contract\.ts$/
const ADAPTERS = /^functions\/aws\//
const MEMORY = /^functions\/memory\//
const ALL_BUT_HANDLERS = /^functions\/(?![^/]+\/handler\.ts$)/
/** Files beside the step folders, which several steps share. */
const SHARED_STEPS = /^functions\/(?!contract\.ts|(result-)?ports\.ts)[^/]+\.ts$/
const SETTINGS = /^infra\/(settings|setting-kinds|read-settings)\.ts$/
const TERMINAL = /^terminal\//
const SAMPLES = /^samples\//
const SDK = [/^@aws-sdk\//, /^@smithy\//]
const NODE = /^node:/
const P_MAP = /^p-map$/
const CLOCK = /\bDate\.now\b/
const RANDOM = /\bMath\.random\b/

const NO_CLOCK = { 'Date.now': CLOCK, 'Math.random': RANDOM, 'process.env': /\bprocess\.env\b/ }
const PURE = {
  'Date.now': CLOCK,
  'Math.random': RANDOM,
  'new Date without arguments': /\bnew\s+Date\b(?!\s*\(\s*[^)\s])/,
  'node:': /\bnode:/,
}

/** Several commands run in one process, so a command takes these from its terminal. */
const NO_PROCESS = {
  'the process instead of its terminal': /\bprocess\.(std(in|out|err)|argv|env|cwd|exit|exitCode|on|once)\b/,
  console: /\bconsole\./,
}

const STEP_FOLDERS = ['ingest', 'sweep', 'finalize', 'rollup', 'forget']

function step(folder: string): Layer {
  const own = new RegExp(`^functions/${folder}/(?!handler\\.ts)`)
  return {
    name: `step ${folder}`,
    files: own,
    imports: [DOMAIN, PORTS, SHARED_STEPS, own, P_MAP],
    importsAsTypes: [CONTRACT],
    forbids: NO_CLOCK,
  }
}

function handler(folder: string): Layer {
  return {
    name: `handler of ${folder}`,
    files: new RegExp(`^functions/${folder}/handler\\.ts$`),
    imports: [new RegExp(`^functions/${folder}/`), ADAPTERS, CONTRACT, ...SDK],
    importsAsTypes: [/^aws-lambda$/],
  }
}

/** A room of the adapters: what it holds for the steps, and the rooms that it may use. */
function adapter(room: string, uses: readonly string[]): Layer {
  return {
    name: `adapters of ${room}`,
    files: new RegExp(`^functions/aws/${room}/`),
    imports: [
      ...[room, ...uses].map((used) => new RegExp(`^functions/aws/${used}/`)),
      DOMAIN,
      PORTS,
      CONTRACT,
      ...SDK,
      NODE,
      P_MAP,
    ],
    importsAsTypes: [/^aws-lambda$/],
  }
}

/** A room of the local run, and the rooms that it may use. */
function local(room: string, uses: readonly string[], more: readonly RegExp[] = []): Layer {
  return {
    name: `local ${room}`,
    files: new RegExp(`^local/${room}/`),
    imports: [...[room, ...uses].map((used) => new RegExp(`^local/${used}/`)), TERMINAL, NODE, ...SDK, ...more],
    importsAsTypes: [/^aws-lambda$/],
  }
}

/** A room of the commands, and the rooms that it may use. */
function cli(room: string, uses: readonly string[], more: readonly RegExp[] = []): Layer {
  return {
    name: `cli ${room}`,
    files: new RegExp(`^cli/${room}/`),
    imports: [
      ...[room, ...uses].map((used) => new RegExp(`^cli/${used}/`)),
      // The commands decide as the functions do, since they run the same code.
      DOMAIN,
      ADAPTERS,
      CONTRACT,
      TERMINAL,
      SETTINGS,
      ...SDK,
      NODE,
      ...more,
    ],
    forbids: NO_PROCESS,
  }
}

const LAYERS: readonly Layer[] = [
  { name: 'domain', files: ORIGIN, imports: [ORIGIN], forbids: PURE },
  { name: 'domain events', files: EVENTS, imports: [ORIGIN, EVENTS], forbids: PURE },
  { name: 'domain sessions', files: SESSIONS, imports: [ORIGIN, EVENTS, SESSIONS], forbids: PURE },
  { name: 'domain results', files: RESULTS, imports: [DOMAIN], forbids: PURE },
  { name: 'contract', files: CONTRACT, imports: [DURATIONS] },
  { name: 'ports', files: PORTS, imports: [DOMAIN] },
  { name: 'shared step', files: SHARED_STEPS, imports: [DOMAIN, PORTS, SHARED_STEPS, P_MAP], forbids: NO_CLOCK },
  { name: 'memory', files: MEMORY, imports: [MEMORY, DOMAIN, PORTS], forbids: NO_CLOCK },
  ...STEP_FOLDERS.map(step),
  ...STEP_FOLDERS.map(handler),
  adapter('runtime', []),
  adapter('stream', ['runtime']),
  adapter('sessions-table', ['runtime']),
  adapter('results-table', ['runtime']),
  adapter('dead-letters', ['runtime', 'stream']),
  {
    name: 'infra',
    files: /^infra\//,
    imports: [
      /^infra\//,
      CONTRACT,
      DURATIONS,
      NODE,
      /^aws-cdk-lib($|\/)/,
      /^cdk-nag$/,
      /^constructs$/,
      /^esbuild$/,
      /^ms$/,
    ],
  },
  {
    name: 'producer',
    files: /^producer\//,
    imports: [/^producer\//, DOMAIN, /^@aws-sdk\/client-kinesis$/, /^@smithy\/node-http-handler$/, NODE],
  },
  { name: 'samples', files: SAMPLES, imports: [SAMPLES, DURATIONS, /^pure-rand\//], forbids: NO_CLOCK },
  { name: 'terminal', files: TERMINAL, imports: [TERMINAL, NODE, /^string-width$/] },
  local('template', [], [DURATIONS]),
  local('emulators', ['template'], [/^fauxqs$/, /^kinesalite$/]),
  local('lambda', ['template', 'emulators'], [DURATIONS, /^functions\/aws\/dead-letters\/failed-batch\.ts$/]),
  local('proxy', ['template', 'emulators', 'lambda']),
  local('replay', ['lambda'], [ADAPTERS, DOMAIN, PORTS, /^producer\/put-records\.ts$/]),
  local('run', ['template', 'emulators', 'lambda', 'proxy', 'replay'], [ADAPTERS, DOMAIN, CONTRACT]),
  {
    name: 'simulation',
    files: /^sim\//,
    imports: [/^sim\//, ALL_BUT_HANDLERS, NODE, ...SDK, /^pure-rand\//],
    forbids: NO_CLOCK,
  },
  {
    name: 'script of the report',
    files: /^report\/browser\//,
    imports: [/^report\/browser\//, /^report\/number-text\.ts$/],
    importsAsTypes: [/^report\/explored-session\.ts$/],
    forbids: {
      'Date.now': CLOCK,
      'markup made of text': /\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write)\b/,
    },
  },
  {
    name: 'report',
    files: /^report\/(?!browser\/)/,
    imports: [/^report\/(?!browser\/)/, DOMAIN, /^terminal\/user-error\.ts$/, NODE, /^d3-(scale|shape)$/, /^esbuild$/],
    forbids: NO_CLOCK,
  },
  cli('target', [], [/^local\/(emulators|run)\//, /^commander$/]),
  cli('reads', ['target'], [/^report\/report-data\.ts$/]),
  cli('dead-letters', ['target']),
  cli('doctor', ['target', 'reads', 'dead-letters']),
  cli('produce', ['target'], [/^local\/(replay|run)\//]),
  cli(
    'commands',
    ['target', 'reads', 'dead-letters', 'doctor', 'produce'],
    [
      /^local\/(lambda|replay|run)\//,
      /^sim\//,
      SAMPLES,
      // A person runs this step, no function does.
      /^functions\/forget\//,
      /^report\/(report-data|render-report)\.ts$/,
      /^commander$/,
    ],
  ),
  {
    name: 'cli',
    files: /^cli\/[^/]+$/,
    imports: [/^cli\//, TERMINAL, SETTINGS, NODE, /^commander$/],
  },
  {
    name: 'bench',
    files: /^bench\//,
    imports: [
      /^bench\//,
      /^local\//,
      SAMPLES,
      TERMINAL,
      /^infra\/bundle\.ts$/,
      SETTINGS,
      ALL_BUT_HANDLERS,
      ...SDK,
      NODE,
      /^commander$/,
      /^pure-rand\//,
      /^esbuild$/,
    ],
    importsAsTypes: [/^aws-lambda$/],
  },
  { name: 'tools', files: /^tools\//, imports: [/^tools\//, NODE, /^js-tokens$/, /^marked$/] },
]

/** Returns one sentence for each broken rule; each begins with the path. */
export function violations({ path, text }: SourceFile): string[] {
  const layer = LAYERS.find(({ files }) => files.test(path))
  if (layer === undefined) return [`${path} belongs to no layer`]
  const code = withoutComments(text)
  const refused = importsIn(code).filter((found) => !isAllowed(found, path, layer))
  const forbidden = Object.entries(layer.forbids ?? {}).filter(([, pattern]) => pattern.test(code))
  return [
    ...refused.map(({ specifier }) => `${path} (${layer.name}) imports ${specifier ?? 'a computed name'}`),
    ...forbidden.map(([what]) => `${path} (${layer.name}) uses ${what}`),
    ...(/^\s*export\s+default\b/m.test(code) && !path.endsWith('.d.ts') ? [`${path} has a default export`] : []),
    ...(/(^|[-./])(util|helper|manager|service)s?([-./]|$)|(^|[-./])common([-./]|$)/.test(path)
      ? [`${path} has a name that says nothing`]
      : []),
    ...(text.startsWith('// ') ? [] : [`${path} does not begin with a comment`]),
  ]
}

function isAllowed({ specifier, isTypeOnly }: Import, path: string, layer: Layer): boolean {
  if (specifier === null) return false
  const target = targetOf(specifier, path)
  const allowed = [...layer.imports, ...(isTypeOnly ? (layer.importsAsTypes ?? []) : [])]
  return allowed.some((pattern) => pattern.test(target))
}
