// The layers of the source: a file's path and text in, what of it breaks the rules of its layer out.

import { posix } from 'node:path'

export interface SourceFile {
  /** From the project's root, with slashes. */
  readonly path: string
  readonly text: string
}

interface Import {
  /** Null where it is computed: then nobody can say what it is. */
  readonly specifier: string | null
  /** Nothing of it is left when the program runs. */
  readonly isTypeOnly: boolean
}

interface Layer {
  readonly name: string
  readonly files: RegExp
  /** Files from the project's root, and packages. */
  readonly imports: readonly RegExp[]
  readonly importsAsTypes?: readonly RegExp[]
  readonly forbids?: Readonly<Record<string, RegExp>>
}

const DOMAIN = /^functions\/domain\//
const PORTS = /^functions\/ports\.ts$/
const CONTRACT = /^functions\/contract\.ts$/
const ADAPTERS = /^functions\/aws\//
/** What several steps share. */
const SHARED_STEPS = /^functions\/(?!contract\.ts|ports\.ts)[^/]+\.ts$/
const SDK = [/^@aws-sdk\//, /^@smithy\//]
const NODE = /^node:/
const CLOCK = /\bDate\.now\b/
const CHANCE = /\bMath\.random\b/
const ENVIRONMENT = /\bprocess\.env\b/

const OF_STEPS = { 'Date.now': CLOCK, 'Math.random': CHANCE, 'process.env': ENVIRONMENT }

function step(folder: string): Layer {
  return {
    name: `step ${folder}`,
    files: new RegExp(`^functions/${folder}/(?!handler\\.ts)[^/]+$`),
    imports: [DOMAIN, PORTS, SHARED_STEPS, new RegExp(`^functions/${folder}/(?!handler\\.ts)`), /^p-map$/],
    importsAsTypes: [CONTRACT],
    forbids: OF_STEPS,
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

const STEP_FOLDERS = ['ingest', 'sweep', 'finalize', 'rollup', 'forget']

const LAYERS: readonly Layer[] = [
  {
    name: 'domain',
    files: DOMAIN,
    imports: [DOMAIN],
    forbids: {
      'Date.now': CLOCK,
      'Math.random': CHANCE,
      'new Date without arguments': /\bnew\s+Date\b(?!\s*\(\s*[^)\s])/,
      'node:': /\bnode:/,
    },
  },
  { name: 'contract', files: CONTRACT, imports: [] },
  { name: 'ports', files: PORTS, imports: [DOMAIN] },
  { name: 'shared step', files: SHARED_STEPS, imports: [DOMAIN, PORTS, SHARED_STEPS, /^p-map$/], forbids: OF_STEPS },
  ...STEP_FOLDERS.map(step),
  ...STEP_FOLDERS.map(handler),
  {
    name: 'adapters',
    files: ADAPTERS,
    imports: [ADAPTERS, DOMAIN, PORTS, CONTRACT, ...SDK, NODE, /^p-map$/],
    importsAsTypes: [/^aws-lambda$/],
  },
  {
    name: 'infra',
    files: /^infra\//,
    imports: [/^infra\//, CONTRACT, NODE, /^aws-cdk-lib($|\/)/, /^cdk-nag$/, /^constructs$/, /^esbuild$/, /^ms$/],
  },
  {
    name: 'producer',
    files: /^producer\//,
    imports: [/^producer\//, DOMAIN, /^@aws-sdk\/client-kinesis$/, /^@smithy\/node-http-handler$/, NODE],
  },
  {
    name: 'local',
    files: /^local\//,
    imports: [
      /^local\//,
      /^producer\/put-records\.ts$/,
      /^functions\/(?![^/]+\/handler\.ts$)/,
      NODE,
      ...SDK,
      /^fauxqs$/,
      /^kinesalite$/,
      /^pure-rand\//,
    ],
    importsAsTypes: [/^aws-lambda$/],
  },
  {
    name: 'simulation',
    files: /^sim\//,
    imports: [
      /^sim\//,
      /^functions\/(?![^/]+\/handler\.ts$)/,
      /^local\/memory-(stores|rollups)\.ts$/,
      NODE,
      ...SDK,
      /^pure-rand\//,
    ],
    forbids: OF_STEPS,
  },
  {
    name: 'script of the report',
    files: /^report\/browser\//,
    imports: [/^report\/browser\//, /^report\/number-text\.ts$/],
    importsAsTypes: [/^report\/explored-session\.ts$/],
    forbids: {
      'Date.now': CLOCK,
      'what could make markup of a text': /\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write)\b/,
    },
  },
  {
    name: 'report',
    files: /^report\/(?!browser\/)/,
    imports: [/^report\/(?!browser\/)/, DOMAIN, /^local\/user-error\.ts$/, NODE, /^d3-(scale|shape)$/, /^esbuild$/],
    forbids: OF_STEPS,
  },
  {
    name: 'cli',
    files: /^cli\//,
    imports: [
      /^cli\//,
      /^local\//,
      /^sim\//,
      /^report\/(report-data|render-report)\.ts$/,
      /^infra\/setting(s|-kinds)\.ts$/,
      // The step that no function runs, but a person.
      /^functions\/forget\//,
      // What it shows of stored sessions, and says of events before they are sent, is what the domain decides.
      DOMAIN,
      ADAPTERS,
      CONTRACT,
      ...SDK,
      NODE,
      /^commander$/,
    ],
  },
  {
    name: 'bench',
    files: /^bench\//,
    imports: [
      /^bench\//,
      /^local\//,
      /^infra\/(bundle|setting(s|-kinds))\.ts$/,
      /^functions\/(?![^/]+\/handler\.ts$)/,
      /^cli\/(text-table|progress|interrupt)\.ts$/,
      ...SDK,
      NODE,
      /^commander$/,
      /^pure-rand\//,
      /^esbuild$/,
    ],
    importsAsTypes: [/^aws-lambda$/],
  },
]

/** Of each broken rule one sentence that begins with the path. */
export function violations({ path, text }: SourceFile): string[] {
  const layer = LAYERS.find(({ files }) => files.test(path))
  if (layer === undefined) return [`${path} is of no layer`]
  const code = withoutComments(text)
  const refused = importsIn(code).filter((found) => !isAllowed(found, path, layer))
  const forbidden = Object.entries(layer.forbids ?? {}).filter(([, pattern]) => pattern.test(code))
  return [
    ...refused.map(({ specifier }) => `${path} (${layer.name}) imports ${specifier ?? 'what is computed'}`),
    ...forbidden.map(([what]) => `${path} (${layer.name}) uses ${what}`),
    ...(/^\s*export\s+default\b/m.test(code) && !path.endsWith('.d.ts') ? [`${path} has a default export`] : []),
    ...(/(^|[-./])(util|helper|manager|service)s?([-./]|$)|(^|[-./])common([-./]|$)/.test(path)
      ? [`${path} is named for nothing in particular`]
      : []),
    ...(text.startsWith('// ') ? [] : [`${path} does not begin with a comment`]),
  ]
}

function isAllowed({ specifier, isTypeOnly }: Import, path: string, layer: Layer): boolean {
  if (specifier === null) return false
  const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier
  const allowed = [...layer.imports, ...(isTypeOnly ? (layer.importsAsTypes ?? []) : [])]
  return allowed.some((pattern) => pattern.test(target))
}

const FROM =
  /(?:^|;)\s*(?:import|export)\s*(?<clause>[\w$*\s{},]*?)\s*\bfrom\s*(?<quote>['"])(?<specifier>.*?)\k<quote>/gm
const BARE = /(?:^|;)\s*import\s*(?<quote>['"])(?<specifier>.*?)\k<quote>/gm
const CALLED = /\b(?:import|require)\s*\(\s*(?:(?<quote>['"`])(?<specifier>[^'"`$]*)\k<quote>\s*[,)])?/g

/** Of code without comments. */
export function importsIn(code: string): Import[] {
  const found = [...code.matchAll(FROM), ...code.matchAll(BARE), ...code.matchAll(CALLED)]
  return found.map(({ groups }) => ({
    specifier: groups?.specifier ?? null,
    isTypeOnly: isOfTypes(groups?.clause ?? ''),
  }))
}

/** `type A`, `type { A }`, or `{ type A, type B }`. */
function isOfTypes(clause: string): boolean {
  if (/^type\b/.test(clause)) return true
  const names = /^\{(?<names>.*)\}$/s.exec(clause)?.groups?.names ?? ''
  const listed = names.split(',').filter((name) => name.trim() !== '')
  return listed.length > 0 && listed.every((name) => /^\s*type\s/.test(name))
}

/** Strings are read over, so that `//` in an address is no comment. */
function withoutComments(text: string): string {
  const parts = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g
  return text.replace(parts, (part) => (/^\/[/*]/.test(part) ? ' ' : part))
}
