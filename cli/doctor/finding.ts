// What the doctor finds: one check in; whether it is well, what is wrong, and what to type next out.

import { failureText } from '../target/failure-text.ts'

export interface Finding {
  readonly check: string
  /** `unknown` where nobody may look. */
  readonly status: 'ok' | 'trouble' | 'unknown'
  readonly says: string
  /** What to type or read; null where nothing is to be done. */
  readonly next: string | null
}

export function ok(check: string, says: string): Finding {
  return { check, status: 'ok', says, next: null }
}

export function trouble(check: string, says: string, next: string | null): Finding {
  return { check, status: 'trouble', says, next }
}

export function unknown(check: string, says: string): Finding {
  return { check, status: 'unknown', says, next: null }
}

/** What cannot be looked at is told, and does not keep the other checks from being made. */
export async function looked(check: string, look: () => Promise<Finding | readonly Finding[]>): Promise<Finding[]> {
  try {
    return [await look()].flat()
  } catch (error) {
    const isMissing = ['ResourceNotFoundException', 'NoSuchBucket'].includes((error as Error).name)
    if (isMissing) return [trouble(check, `is not there: ${(error as Error).message}`, 'npx cdk deploy')]
    return [unknown(check, failureText(error))]
  }
}
