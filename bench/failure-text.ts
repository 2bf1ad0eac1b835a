// Failures of the bench as a person can act on them: an error in; a sentence, or for a defect where it lies, out.

import { UserError } from '../terminal/user-error.ts'

const UNREACHED = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ETIMEDOUT'])

/** @param env names the services that the bench does not start itself. */
export function failureText(error: unknown, env: NodeJS.ProcessEnv): string {
  if (error instanceof UserError) return error.message
  if (!(error instanceof Error)) return String(error)
  const { code, message } = error as NodeJS.ErrnoException
  const given = ENDPOINTS.filter((name) => env[name]).map((name) => `${name}=${env[name]}`)
  if (given.length > 0 && code !== undefined && UNREACHED.has(code)) {
    return `nobody answers (${message || code}) at ${given.join(' or ')}: start it, or unset it to have an emulator started`
  }
  return error.stack ?? message
}

const ENDPOINTS = ['DYNAMODB_ENDPOINT', 'KINESIS_ENDPOINT', 'S3_ENDPOINT'] as const
