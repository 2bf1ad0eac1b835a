// States which files may import which, for each layer of the source.

import {
  ADAPTERS,
  ALL_BUT_HANDLERS,
  CLOCK,
  CONTRACT,
  DOMAIN,
  DURATIONS,
  EVENTS,
  MEMORY,
  NO_CLOCK,
  NO_PROCESS,
  NODE,
  ORIGIN,
  P_MAP,
  PORTS,
  PURE,
  RESULTS,
  SAMPLES,
  SDK,
  SESSIONS,
  SETTINGS,
  SHARED_STEPS,
  TERMINAL,
} from './layer-patterns.ts'

export interface Layer {
  readonly name: string
  readonly files: RegExp
  /** Files from the project's root, and packages. */
  readonly imports: readonly RegExp[]
  readonly importsAsTypes?: readonly RegExp[]
  readonly forbids?: Readonly<Record<string, RegExp>>
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

/** A folder of the adapters, and the folders that it may use. */
function adapter(folder: string, uses: readonly string[]): Layer {
  return {
    name: `adapters of ${folder}`,
    files: new RegExp(`^functions/aws/${folder}/`),
    imports: [
      ...[folder, ...uses].map((used) => new RegExp(`^functions/aws/${used}/`)),
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

/** A folder of the local run, and the folders that it may use. */
function local(folder: string, uses: readonly string[], more: readonly RegExp[] = []): Layer {
  return {
    name: `local ${folder}`,
    files: new RegExp(`^local/${folder}/`),
    imports: [...[folder, ...uses].map((used) => new RegExp(`^local/${used}/`)), TERMINAL, NODE, ...SDK, ...more],
    importsAsTypes: [/^aws-lambda$/],
  }
}

/** A folder of the commands, and the folders that it may use. */
function cli(folder: string, uses: readonly string[], more: readonly RegExp[] = []): Layer {
  return {
    name: `cli ${folder}`,
    files: new RegExp(`^cli/${folder}/`),
    imports: [
      ...[folder, ...uses].map((used) => new RegExp(`^cli/${used}/`)),
      // Commands run the same code as the functions.
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

/** The first layer whose `files` match a path applies to it. */
export const LAYERS: readonly Layer[] = [
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
      // A person runs this step; there is no function for it.
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
