// Counts the requests that the functions of a local run send, and how much memory they have used.

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { accessKeyId } from '../../local/proxy/enforced-roles.ts'
import type { LocalRun } from '../../local/run/local-run.ts'
import { processTree, unlessGone } from './process-tree.ts'

/** The requests of one function. */
export interface RequestCounts {
  readonly requests: number
  /** Bytes of the bodies that the function sent. */
  readonly bytes: number
}

export type Step = 'Ingest' | 'Sweep' | 'Finalize' | 'Rollup'

/** Node reports each request to an HTTP server of this process here, and so to the proxies. */
const REQUEST_STARTS = 'http.server.request.start'
const CALLER = /\bCredential=(?<caller>[^/,\s]*)\//

/** Counts while `use` runs. The functions sign their requests to the proxies with their names. */
export async function countRequests<T>(
  run: LocalRun,
  step: Step,
  use: () => Promise<T>,
): Promise<RequestCounts & { readonly result: T }> {
  const asked = accessKeyId(functionName(run, step))
  let [requests, bytes] = [0, 0]
  const count = (message: unknown): void => {
    const { headers } = (message as { readonly request: IncomingMessage }).request
    if (CALLER.exec(headers.authorization ?? '')?.groups?.caller !== asked) return
    requests++
    bytes += Number(headers['content-length'] ?? 0)
  }
  subscribe(REQUEST_STARTS, count)
  try {
    return { result: await use(), requests, bytes }
  } finally {
    unsubscribe(REQUEST_STARTS, count)
  }
}

export function functionName({ outputs }: LocalRun, step: Step): string {
  return outputs[`${step}FunctionName`] as string
}

/** Returns the most memory that the function's process has held so far, in bytes. Linux only. */
export function peakMemory(run: LocalRun, step: Step): number {
  const named = `AWS_LAMBDA_FUNCTION_NAME=${functionName(run, step)}\0`
  const peaks = processTree().flatMap((pid) => {
    const isFunction = unlessGone(() => readFileSync(`/proc/${pid}/environ`, 'latin1'))?.includes(named)
    const status = isFunction ? unlessGone(() => readFileSync(`/proc/${pid}/status`, 'latin1')) : null
    const kilobytes = /^VmHWM:\s*(?<kilobytes>\d+) kB$/m.exec(status ?? '')?.groups?.kilobytes
    return kilobytes === undefined ? [] : [Number(kilobytes) * 1024]
  })
  return Math.max(0, ...peaks)
}
