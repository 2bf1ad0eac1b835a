// States which files may import which, for each layer of the source.

import { FUNCTION_LAYERS } from './function-layers.ts'
import {
  ADAPTERS,
  ALL_BUT_HANDLERS,
  CLOCK,
  COMPARE,
  CONTRACT,
  DOMAIN,
  DURATIONS,
  EVENT_TIMES,
  JSTAT,
  type Layer,
  NO_CLOCK,
  NO_PROCESS,
  NODE,
  OBSERVER,
  P_MAP,
  PORTS,
  PURE,
  SAMPLES,
  SDK,
  SEGMENT_NAMES,
  SETTINGS,
  TERMINAL,
  UBI_ORDINALS,
} from './layer-patterns.ts'

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

/** The scripts of pages. A text that becomes markup could run as a script. */
const SCRIPT_FORBIDS = {
  'Date.now': CLOCK,
  'markup made of text': /\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write)\b/,
}

/** The first layer whose `files` match a path applies to it. */
export const LAYERS: readonly Layer[] = [
  ...FUNCTION_LAYERS,
  {
    name: 'infra',
    files: /^infra\//,
    imports: [
      /^infra\//,
      CONTRACT,
      DURATIONS,
      EVENT_TIMES,
      UBI_ORDINALS,
      SEGMENT_NAMES,
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
  { name: 'compare', files: COMPARE, imports: [COMPARE, DOMAIN, JSTAT], forbids: PURE },
  { name: 'terminal', files: TERMINAL, imports: [TERMINAL, NODE, /^string-width$/] },
  local('template', [], [DURATIONS]),
  local('emulators', ['template'], [/^fauxqs$/, /^kinesalite$/]),
  local('lambda', ['template', 'emulators'], [DURATIONS, /^functions\/aws\/dead-letters\/failed-batch\.ts$/]),
  local('proxy', ['template', 'emulators', 'lambda']),
  local('replay', ['lambda'], [ADAPTERS, DOMAIN, PORTS, /^producer\/put-records\.ts$/, /^csv-parse$/]),
  local('cost', [], [ALL_BUT_HANDLERS, SETTINGS, /^local\/lambda\/first-batch\.ts$/]),
  local('run', ['template', 'emulators', 'lambda', 'proxy', 'replay'], [ADAPTERS, DOMAIN, CONTRACT, PORTS]),
  // It runs the steps themselves, since no function does.
  local(
    'memory',
    ['cost', 'emulators', 'lambda', 'replay', 'run'],
    [ALL_BUT_HANDLERS, SETTINGS, /^report\/report-data\.ts$/, OBSERVER],
  ),
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
    forbids: SCRIPT_FORBIDS,
  },
  {
    name: 'script of the live page',
    files: /^watch\/browser\//,
    imports: [/^watch\/browser\//, /^report\/browser\/(elements|session-text|session-view|theme)\.ts$/],
    importsAsTypes: [/^watch\/watch-frame\.ts$/, /^report\/explored-session\.ts$/],
    forbids: SCRIPT_FORBIDS,
  },
  {
    name: 'live page',
    files: /^watch\/(?!browser\/)/,
    imports: [
      /^watch\/(?!browser\/)/,
      DOMAIN,
      /^functions\/aws\/runtime\/digest\.ts$/,
      /^report\/(explored-session|key-figures|markup|number-text|page-assets)\.ts$/,
      NODE,
    ],
    forbids: NO_CLOCK,
  },
  {
    name: 'report',
    files: /^report\/(?!browser\/)/,
    imports: [
      /^report\/(?!browser\/)/,
      COMPARE,
      DOMAIN,
      /^terminal\/user-error\.ts$/,
      NODE,
      /^d3-(scale|shape)$/,
      /^esbuild$/,
    ],
    forbids: NO_CLOCK,
  },
  cli('target', [], [/^local\/(emulators|run)\//, /^commander$/]),
  cli('reads', ['target'], [/^report\/report-data\.ts$/, OBSERVER]),
  cli(
    'compare',
    ['target', 'reads'],
    [
      COMPARE,
      P_MAP,
      /^local\/cost\/(capacity-units|prices)\.ts$/,
      /^report\/(report-data|variant-charts)\.ts$/,
      // The parser of an option throws its error.
      /^commander$/,
    ],
  ),
  cli('dead-letters', ['target']),
  cli('doctor', ['target', 'reads', 'dead-letters'], [P_MAP]),
  cli('produce', ['target'], [/^local\/(replay|run)\//]),
  cli('cost', ['produce'], [/^local\/cost\//, /^ms$/]),
  cli(
    'commands',
    ['target', 'reads', 'compare', 'dead-letters', 'doctor', 'produce', 'cost'],
    [
      COMPARE,
      /^local\/(cost|lambda|memory|replay|run)\//,
      /^local\/emulators\/dynoxide-binary\.ts$/,
      /^sim\//,
      SAMPLES,
      // A person runs this step; there is no function for it.
      /^functions\/(forget|finalize)\//,
      /^report\/(report-data|render-report)\.ts$/,
      /^watch\/(watch-model|watch-page|watch-server|watched-pipeline)\.ts$/,
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
      COMPARE,
      JSTAT,
      /^pure-rand\//,
      /^esbuild$/,
    ],
    importsAsTypes: [/^aws-lambda$/],
  },
  {
    name: 'tools package',
    files: /^tools\/package\//,
    imports: [
      /^tools\/package\//,
      /^infra\/bundle\.ts$/,
      /^report\/page-assets\.ts$/,
      /^watch\/watch-page\.ts$/,
      NODE,
      /^esbuild$/,
    ],
  },
  {
    name: 'tools',
    files: /^tools\//,
    imports: [/^tools\//, TERMINAL, /^local\/emulators\/tcp-ports\.ts$/, NODE, /^js-tokens$/, /^marked$/],
  },
]
