// Measures the time, CPU and memory of a program that prints "done" after its work and then waits.

import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { UserError } from '../../terminal/user-error.ts'

export interface ProcessUsage {
  readonly seconds: number
  /** Null on systems without /proc. */
  readonly cpuSeconds: number | null
  /** Null on systems without /proc. */
  readonly peakMegabytes: number | null
}

/** The line that programs print when their work is done. */
const DONE = 'done'
/** How much of the end of a program's error output a failure shows. */
const ERRORS_LENGTH_MAX = 2000
const MINUTES_MAX = 20

/**
 * Runs the program until it prints "done", measures it while it waits, and ends it.
 *
 * @param signal ends the program early. The function then throws the signal's reason.
 * @throws UserError where the program ends without printing "done".
 */
export async function measureProcess(
  [program, ...rest]: readonly [string, ...string[]],
  signal: AbortSignal,
): Promise<ProcessUsage> {
  const startedMs = performance.now()
  const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'pipe'], timeout: MINUTES_MAX * 60_000, signal })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk).slice(-ERRORS_LENGTH_MAX)
  })
  const ended = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(message))
    child.once('close', (code, killedBy) => resolve(`ended with ${code ?? killedBy}`))
  })
  // A program that ends early does not read its input. Its error output shows why it ended.
  child.stdin.on('error', () => {})
  let usage: ProcessUsage | null = null
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== DONE) continue
    const seconds = (performance.now() - startedMs) / 1000
    usage = { seconds, ...(await usageOf(child.pid)) }
    child.stdin.end()
  }
  const end = await ended
  signal.throwIfAborted()
  if (usage === null) throw new UserError(`${end}: ${errors.trim()}`)
  return usage
}

async function usageOf(pid: number | undefined): Promise<Omit<ProcessUsage, 'seconds'>> {
  try {
    const [stat, status] = await Promise.all(['stat', 'status'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')))
    return { cpuSeconds: cpuSecondsOf(stat ?? ''), peakMegabytes: peakMegabytesOf(status ?? '') }
  } catch {
    return { cpuSeconds: null, peakMegabytes: null }
  }
}

/** Linux counts hundredths of a second on every machine. */
const TICKS_PER_SECOND = 100

/**
 * Returns the CPU of all threads: the 14th and 15th field of `/proc/<pid>/stat`. The second field
 * may hold blanks and parentheses, so the fields are counted from its end.
 */
export function cpuSecondsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

export function peakMegabytesOf(status: string): number {
  const kibibytes = Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1])
  return Math.round((kibibytes * 1024) / 1e6)
}
