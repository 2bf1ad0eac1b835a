// How the functions start: their bundles in; sizes, CPU of loading and of a first request, beside the SDK's alone, out.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { batchesOf } from './batches.ts'
import { startBundle } from './bundled-function.ts'
import { type Bundle, makeBundle, type Taken } from './bundles.ts'
import { median, toLambdaEvent } from './ingest.ts'
import { standardSession } from './standard-session.ts'
import { startStubDynamo } from './stub-dynamo.ts'

export interface ColdStart {
  readonly bundle: Bundle
  readonly bytes: number
  /** Of CPU, what Node itself takes left out; medians of several processes. */
  readonly loadMs: number
  /** Null for what has no request that the stub could answer. */
  readonly firstRequestMs: number | null
}

const RUNS = 11
const BUNDLES: readonly Bundle[] = ['bare', 'ingest', 'sweep', 'finalize']
const START_MS = Date.parse('2026-03-02T09:00:30Z')

export async function measureCold(onStep: (text: string) => void): Promise<ColdStart[]> {
  const folder = await mkdtemp(join(tmpdir(), 'search-session-ctr-bench-'))
  const stub = await startStubDynamo()
  try {
    await makeBundle('empty', folder)
    const node = await startTimes('empty', folder, stub.endpoint)
    const starts: ColdStart[] = []
    for (const bundle of BUNDLES) {
      onStep(bundle)
      const { bytes } = await makeBundle(bundle, folder)
      const times = await startTimes(bundle, folder, stub.endpoint)
      starts.push({ bundle, bytes, loadMs: rounded(times.startMs - node.startMs), firstRequestMs: times.requestMs })
    }
    return starts
  } finally {
    await stub.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

interface Times {
  readonly startMs: number
  readonly requestMs: number | null
}

async function startTimes(bundle: Bundle, folder: string, endpoint: string): Promise<Times> {
  const taken: Taken[] = []
  for (let run = 0; run < RUNS; run++) {
    const started = startBundle(bundle, folder, endpoint)
    taken.push(await started.invoke(firstEvent(bundle)).finally(started.stop))
  }
  const hasRequest = bundle === 'bare' || bundle === 'ingest'
  return {
    startMs: median(taken.map(({ startCpuMs }) => startCpuMs)),
    requestMs: hasRequest ? rounded(median(taken.map(({ cpuMs }) => cpuMs))) : null,
  }
}

/** One record for ingest, which reads a state and writes it and the progress; nothing at all for finalize. */
function firstEvent(bundle: Bundle): object {
  const [batch] = batchesOf([standardSession('user', START_MS)], 1)
  return bundle === 'ingest' && batch !== undefined ? toLambdaEvent(batch) : { Records: [] }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10
}
