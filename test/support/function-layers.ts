// States which files may import which among the functions.

import {
  ADAPTERS,
  CONTRACT,
  DOMAIN,
  DURATIONS,
  EVENTS,
  type Layer,
  MEMORY,
  NO_CLOCK,
  NODE,
  ORIGIN,
  P_MAP,
  PORTS,
  PURE,
  RESULTS,
  SDK,
  SESSIONS,
  SHARED_STEPS,
} from './layer-patterns.ts'

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

export const FUNCTION_LAYERS: readonly Layer[] = [
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
]
