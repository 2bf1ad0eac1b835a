// Bundles of functions as the stack makes them: a step or a bare client in, a folder with code that tells what it took out.

import { join } from 'node:path'
import { buildSync, type Metafile } from 'esbuild'
import { BUNDLING, ROOT, type Step } from '../infra/bundle.ts'

export const STEPS = ['ingest', 'sweep', 'finalize', 'rollup'] as const satisfies readonly Step[]

/** What a function with the SDK alone would be. */
const BARE_CLIENT = `
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
const client = DynamoDBDocumentClient.from(new DynamoDBClient({}))
export const handler = () => client.send(new GetCommand({ TableName: 'bare', Key: { pk: 'a', sk: 'b' } }))`

/** Told with the reply of each invocation. */
export interface Taken {
  /** CPU until the code was loaded, what Node itself takes included. */
  readonly startCpuMs: number
  readonly cpuMs: number
  readonly ms: number
  /** On the JavaScript heap, what was collected since included. Null unless the event asks, since to count takes time. */
  readonly allocatedBytes: number | null
}

/** Bytes between two allocations that V8's heap profiler takes down, on average: each stands for as many. */
const SAMPLED_EVERY_BYTES = 16 * 1024

function measuring(handler: string): string {
  return `${handler}
const { user, system } = process.cpuUsage()
const startCpuMs = (user + system) / 1000
export async function handler(event, context) {
  const allocated = event.countsAllocations ? await countAllocations() : null
  const before = process.cpuUsage()
  const startedMs = performance.now()
  await measured(event, context)
  const { user, system } = process.cpuUsage(before)
  const taken = { startCpuMs, cpuMs: (user + system) / 1000, ms: performance.now() - startedMs }
  return { ...taken, allocatedBytes: allocated && (await allocated()) }
}
async function countAllocations() {
  const { Session } = await import('node:inspector/promises')
  const session = new Session()
  session.connect()
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: ${SAMPLED_EVERY_BYTES},
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  })
  return async () => {
    const { profile } = await session.post('HeapProfiler.stopSampling')
    session.disconnect()
    const bytesOf = ({ selfSize, children }) => children.reduce((bytes, child) => bytes + bytesOf(child), selfSize)
    return bytesOf(profile.head)
  }
}`
}

export type Bundle = Step | 'bare' | 'empty'

/** Bytes of a bundle's modules. */
export interface BundleSize {
  /** Of `startModules`. */
  readonly startBytes: number
  readonly allBytes: number
}

/** As the construct makes them; the folder has a folder for each bundle. */
export function makeBundle(bundle: Bundle, folder: string): BundleSize {
  const contents = measuring(codeOf(bundle))
  const stdin = { contents, resolveDir: ROOT, sourcefile: 'index.ts', loader: 'ts' } as const
  const { metafile } = buildSync({ ...BUNDLING, stdin, entryNames: 'index', outdir: join(folder, bundle) })
  return bundleSize(metafile)
}

function codeOf(bundle: Bundle): string {
  if (bundle === 'empty') return 'const measured = async () => {}'
  if (bundle === 'bare') return BARE_CLIENT.replace('export const handler', 'const measured')
  return `import { handler as measured } from './functions/${bundle}/handler.ts'`
}

export function bundleSize(made: Metafile): BundleSize {
  const sum = (paths: readonly string[]): number =>
    paths.reduce((bytes, path) => bytes + (made.outputs[path]?.bytes ?? 0), 0)
  return { startBytes: sum(startModules(made)), allBytes: sum(Object.keys(made.outputs)) }
}

/** The entry, and what is imported from there on other than by a call. */
export function startModules({ outputs }: Metafile): string[] {
  const read = new Set(Object.keys(outputs).filter((path) => path.endsWith('/index.mjs')))
  // A set goes on to what is added to it meanwhile.
  for (const path of read) {
    for (const { kind, external, path: imported } of outputs[path]?.imports ?? []) {
      if (kind === 'import-statement' && external !== true) read.add(imported)
    }
  }
  return [...read]
}
