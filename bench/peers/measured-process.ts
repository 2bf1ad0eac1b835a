// One program that does its work, says so and waits: a command in; its seconds, its CPU and its peak of memory out.

import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { UserError } from '../../terminal/user-error.ts'

export interface Taken {
  readonly seconds: number
  /** Null where the system does not tell (it is read from /proc), as below. */
  readonly cpuSeconds: number | null
  readonly peakMegabytes: number | null
}

/** What programs print when their work is done. */
const DONE = 'done'
/** All that people are shown of what a program complained of. */
const COMPLAINT_LENGTH = 2000
const MINUTES_MAX = 20

/**
 * Ends the program once it is measured, and waits for that.
 *
 * @param signal ends the program early; what is thrown then is the signal's reason.
 * @throws UserError where the program does not say that it is done.
 */
export async function measureProcess(
  [program, ...rest]: readonly [string, ...string[]],
  signal: AbortSignal,
): Promise<Taken> {
  const startedMs = performance.now()
  const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'pipe'], timeout: MINUTES_MAX * 60_000, signal })
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk).slice(-COMPLAINT_LENGTH)
  })
  const ended = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(message))
    child.once('close', (code, killedBy) => resolve(`ended with ${code ?? killedBy}`))
  })
  // One that ends without reading its input is told of by what it complains of.
  child.stdin.on('error', () => {})
  let taken: Taken | null = null
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== DONE) continue
    const seconds = (performance.now() - startedMs) / 1000
    taken = { seconds, ...(await soFar(child.pid)) }
    child.stdin.end()
  }
  const end = await ended
  signal.throwIfAborted()
  if (taken === null) throw new UserError(`${end}: ${complaint.trim()}`)
  return taken
}

async function soFar(pid: number | undefined): Promise<Omit<Taken, 'seconds'>> {
  try {
    const [stat, status] = await Promise.all(['stat', 'status'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')))
    return { cpuSeconds: cpuSecondsOf(stat ?? ''), peakMegabytes: peakMegabytesOf(status ?? '') }
  } catch {
    return { cpuSeconds: null, peakMegabytes: null }
  }
}

/** Linux counts in hundredths of a second, whatever the machine. */
const TICKS_PER_SECOND = 100

/** Of all threads: user and system time are the 14th and 15th field, and the second may hold blanks and parentheses. */
export function cpuSecondsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

export function peakMegabytesOf(status: string): number {
  const kibibytes = Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1])
  return Math.round((kibibytes * 1024) / 1e6)
}
