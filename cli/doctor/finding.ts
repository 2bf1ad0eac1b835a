// Describes what a check of `doctor` found: its status, a sentence, and what to type or read next.

import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../functions/domain/durations.ts'
import { counted } from '../../terminal/text-table.ts'
import { failureText, type Services } from '../target/failure-text.ts'

export interface Finding {
  readonly check: string
  /** `unknown` where the credentials do not allow the check. */
  readonly status: 'ok' | 'wrong' | 'unknown'
  readonly message: string
  /** A command to type or a page to read; null if there is nothing to do. */
  readonly next: string | null
}

export function ok(check: string, message: string): Finding {
  return { check, status: 'ok', message, next: null }
}

export function wrong(check: string, message: string, next: string | null): Finding {
  return { check, status: 'wrong', message, next }
}

function unknown(check: string, message: string): Finding {
  return { check, status: 'unknown', message, next: null }
}

/** Runs one check. An error becomes a finding of its own, so that the other checks still run. */
export async function checked(
  check: string,
  run: () => Promise<Finding | readonly Finding[]>,
  services: Services = 'aws',
): Promise<Finding[]> {
  try {
    return [await run()].flat()
  } catch (error) {
    const isMissing = ['ResourceNotFoundException', 'NoSuchBucket'].includes((error as Error).name)
    if (isMissing) return [wrong(check, `does not exist: ${(error as Error).message}`, 'npx cdk deploy')]
    return [unknown(check, failureText(error, { services }))]
  }
}

export function durationText(ms: number): string {
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`
  if (ms < MINUTE_MS) return `${Math.round(ms / SECOND_MS)} s`
  if (ms < HOUR_MS) return counted(Math.round(ms / MINUTE_MS), 'minute')
  return `${(ms / HOUR_MS).toFixed(1)} hours`
}
