// Bundles the steps as the stack does, around a handler that measures each invocation, and sums the
// sizes of bundles.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync, type Metafile } from 'esbuild'
import { BUNDLING, ROOT, type Step } from '../../infra/bundle.ts'

/** A function that holds the SDK alone, for comparison. */
const BARE_CLIENT = `
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
const client = DynamoDBDocumentClient.from(new DynamoDBClient({}))
export const handler = () => client.send(new GetCommand({ TableName: 'bare', Key: { pk: 'a', sk: 'b' } }))`

/** The time and memory that one invocation takes. The measuring handler replies with it. */
export interface InvocationUsage {
  /** CPU until the code is loaded, including Node's own start. */
  readonly startCpuMs: number
  readonly cpuMs: number
  readonly ms: number
  /**
   * Bytes on the JavaScript heap, including those that were collected since. Null unless the event
   * asks for it, because counting takes time.
   */
  readonly allocatedBytes: number | null
}

/**
 * V8's heap profiler samples one allocation in so many bytes, on average, and each stands for as
 * many.
 */
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
  const usage = { startCpuMs, cpuMs: (user + system) / 1000, ms: performance.now() - startedMs }
  return { ...usage, allocatedBytes: allocated && (await allocated()) }
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

export interface BundleSize {
  /** The size of `startModules`. */
  readonly startBytes: number
  readonly allBytes: number
}

/** Bundles into a folder of the bundle's name. */
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

/**
 * Returns the modules that Node reads when the function starts: the entry, and all that it imports
 * statically. Modules behind an `import()` are not among them.
 */
export function startModules({ outputs }: Metafile): string[] {
  const read = new Set(Object.keys(outputs).filter((path) => path.endsWith('/index.mjs')))
  // Iterating over a set also visits elements that are added meanwhile.
  for (const path of read) {
    for (const { kind, external, path: imported } of outputs[path]?.imports ?? []) {
      if (kind === 'import-statement' && external !== true) read.add(imported)
    }
  }
  return [...read]
}

/** Runs the work with a folder for bundles, and removes the folder. */
export async function withBundleFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'search-session-ctr-bench-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
