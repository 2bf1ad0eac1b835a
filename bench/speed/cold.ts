// Measures how the functions start: the sizes of their bundles, and the CPU of loading them and of
// a first request, beside the SDK alone.

import { STEPS } from '../../infra/bundle.ts'
import { columns } from '../../terminal/text-table.ts'
import { batchesOf } from '../batches.ts'
import { standardSession } from '../standard-session.ts'
import { startBundle } from './bundled-function.ts'
import { type Bundle, type BundleSize, type InvocationUsage, makeBundle, withBundleFolder } from './bundles.ts'
import { toLambdaEvent } from './ingest.ts'
import { startStubDynamo } from './stub-dynamo.ts'

export interface ColdStart extends BundleSize {
  readonly bundle: Bundle
  /** CPU without Node's own start; the least of several processes. */
  readonly loadMs: number
  /** CPU of the first invocation; null where the stub cannot answer its requests. */
  readonly firstRequestMs: number | null
}

/** The bench starts the bundles in turn, so that other programs slow all of them down alike. */
const RUNS = 15
const BUNDLES = ['empty', 'bare', ...STEPS] as const satisfies readonly Bundle[]
const START_MS = Date.parse('2026-03-02T09:00:30Z')

export function measureCold(onStep: (text: string) => void): Promise<ColdStart[]> {
  return withBundleFolder((folder) => measureBundles(folder, onStep))
}

async function measureBundles(folder: string, onStep: (text: string) => void): Promise<ColdStart[]> {
  const stub = await startStubDynamo()
  try {
    const sizes = new Map(BUNDLES.map((bundle) => [bundle, makeBundle(bundle, folder)]))
    const usages = new Map<Bundle, InvocationUsage[]>(BUNDLES.map((bundle) => [bundle, []]))
    for (let run = 1; run <= RUNS; run++) {
      onStep(`round ${run} of ${RUNS}`)
      for (const bundle of BUNDLES) {
        const started = startBundle(bundle, folder, stub.endpoint)
        usages.get(bundle)?.push(await started.invoke(firstEvent(bundle)).finally(started.stop))
      }
    }
    const least = (bundle: Bundle, of: (usage: InvocationUsage) => number): number =>
      Math.min(...(usages.get(bundle) ?? []).map(of))
    const nodeMs = least('empty', ({ startCpuMs }) => startCpuMs)
    return ['bare' as const, ...STEPS].map((bundle) => ({
      bundle,
      ...(sizes.get(bundle) as BundleSize),
      loadMs: rounded(least(bundle, ({ startCpuMs }) => startCpuMs) - nodeMs),
      firstRequestMs: WITH_REQUEST.includes(bundle) ? rounded(least(bundle, ({ cpuMs }) => cpuMs)) : null,
    }))
  } finally {
    await stub.stop()
  }
}

/** The bundles whose first invocation makes requests that the stub can answer. */
const WITH_REQUEST: readonly Bundle[] = ['bare', 'ingest']

/** One record for ingest, which reads and writes a state and the progress; no record for others. */
function firstEvent(bundle: Bundle): object {
  if (bundle === 'sweep' || bundle === 'rollup') return { drain: false }
  const [batch] = batchesOf([standardSession('user', START_MS)], 1)
  return bundle === 'ingest' && batch !== undefined ? toLambdaEvent(batch) : { Records: [] }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10
}

export function coldText(starts: readonly ColdStart[]): string {
  const bare = starts.find(({ bundle }) => bundle === 'bare')?.loadMs ?? Number.NaN
  const rows = starts.map(({ bundle, startBytes, allBytes, loadMs, firstRequestMs }) => [
    bundle === 'bare' ? 'SDK alone' : bundle,
    kilobytes(startBytes),
    kilobytes(allBytes),
    loadMs.toFixed(1),
    (loadMs / bare).toFixed(2),
    firstRequestMs?.toFixed(1) ?? '',
  ])
  return columns([
    ['bundle', 'KB at the start', 'KB in all', 'load, CPU ms', 'times the SDK', 'first request, CPU ms'],
    ...rows,
  ])
}

function kilobytes(bytes: number): string {
  return String(Math.round(bytes / 1000))
}
