// How the functions start: their bundles in; sizes, CPU of loading and of a first request, beside the SDK's alone, out.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { batchesOf } from './batches.ts'
import { startBundle } from './bundled-function.ts'
import { type Bundle, type BundleSize, makeBundle, STEPS, type Taken } from './bundles.ts'
import { toLambdaEvent } from './ingest.ts'
import { standardSession } from './standard-session.ts'
import { startStubDynamo } from './stub-dynamo.ts'

export interface ColdStart extends BundleSize {
  readonly bundle: Bundle
  /** Of CPU, what Node itself takes left out; the least of several processes. */
  readonly loadMs: number
  /** Null for what has no request that the stub could answer. */
  readonly firstRequestMs: number | null
}

/** Of each, one after the other in turn, so that what else the machine does falls on all of them. */
const RUNS = 15
const BUNDLES = ['empty', 'bare', ...STEPS] as const satisfies readonly Bundle[]
const START_MS = Date.parse('2026-03-02T09:00:30Z')

export async function measureCold(onStep: (text: string) => void): Promise<ColdStart[]> {
  const folder = await mkdtemp(join(tmpdir(), 'search-session-ctr-bench-'))
  const stub = await startStubDynamo()
  try {
    const sizes = new Map(BUNDLES.map((bundle) => [bundle, makeBundle(bundle, folder)]))
    const taken = new Map<Bundle, Taken[]>(BUNDLES.map((bundle) => [bundle, []]))
    for (let run = 1; run <= RUNS; run++) {
      onStep(`round ${run} of ${RUNS}`)
      for (const bundle of BUNDLES) {
        const started = startBundle(bundle, folder, stub.endpoint)
        taken.get(bundle)?.push(await started.invoke(firstEvent(bundle)).finally(started.stop))
      }
    }
    const least = (bundle: Bundle, of: (run: Taken) => number): number => Math.min(...(taken.get(bundle) ?? []).map(of))
    const nodeMs = least('empty', ({ startCpuMs }) => startCpuMs)
    return ['bare' as const, ...STEPS].map((bundle) => ({
      bundle,
      ...(sizes.get(bundle) as BundleSize),
      loadMs: rounded(least(bundle, ({ startCpuMs }) => startCpuMs) - nodeMs),
      firstRequestMs: WITH_REQUEST.includes(bundle) ? rounded(least(bundle, ({ cpuMs }) => cpuMs)) : null,
    }))
  } finally {
    await stub.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Those whose first invocation is a request that the stub can answer. */
const WITH_REQUEST: readonly Bundle[] = ['bare', 'ingest']

/** One record for ingest, which reads a state and writes it and the progress; nothing at all for finalize. */
function firstEvent(bundle: Bundle): object {
  const [batch] = batchesOf([standardSession('user', START_MS)], 1)
  return bundle === 'ingest' && batch !== undefined ? toLambdaEvent(batch) : { Records: [] }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10
}
