// Measures the CPU of a bundled function with both ways to write: in batches, and with a request
// for each write.

import type { Writes } from '../../functions/aws/runtime/environment.ts'

/** A function that writes in one way. */
export interface TimedFunction {
  /** Invokes it once with the same work as every time, and returns the CPU. */
  invoke(): Promise<{ readonly cpuMs: number }>
  stop(): Promise<void>
}

export interface BothWays {
  /** CPU of one invocation: the median of those that are not to warm up. */
  readonly batchedMs: number
  readonly singleMs: number
}

/**
 * Invokes both ways in turn, since other programs take CPU too.
 *
 * @param warmUps invocations until Node has compiled the code.
 */
export async function medianOfBothWays(
  start: (writes: Writes) => Promise<TimedFunction>,
  { warmUps, timed }: { readonly warmUps: number; readonly timed: number },
  onRound: (round: number) => void,
): Promise<BothWays> {
  const batched = await start('batched')
  const single = await start('single')
  const cpuMs: Record<Writes, number[]> = { batched: [], single: [] }
  try {
    for (let round = 1; round <= warmUps + timed; round++) {
      onRound(round)
      cpuMs.batched.push((await batched.invoke()).cpuMs)
      cpuMs.single.push((await single.invoke()).cpuMs)
    }
  } finally {
    await Promise.all([batched.stop(), single.stop()])
  }
  return { batchedMs: median(cpuMs.batched.slice(warmUps)), singleMs: median(cpuMs.single.slice(warmUps)) }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
