// Failures as a person can act on them: an error in, one sentence that says what to do out.

import { SettingError } from '../../infra/setting-kinds.ts'
import { UserError } from '../../terminal/user-error.ts'

/** @param hasStack true to print where the program failed too. */
export function failureText(error: unknown, hasStack = false): string {
  if (error instanceof UserError || error instanceof SettingError) return error.message
  if (!(error instanceof Error)) return `Failed: ${String(error)}`
  if (hasStack) return error.stack ?? error.message
  // What gave up after many tries says why it did.
  const cause = error.cause instanceof Error ? error.cause : null
  for (const one of [error, cause]) {
    const known = one === null ? undefined : KNOWN.find(({ isIt }) => isIt(one))
    if (one !== null && known !== undefined) return known.says(one)
  }
  const { code } = error as NodeJS.ErrnoException
  const why = cause === null ? '' : `: ${cause.message}`
  return `Failed: ${error.message || code || error.name}${why} (DEBUG=1 tells where)`
}

interface Known {
  isIt(error: Error): boolean
  says(error: Error): string
}

const named =
  (...names: readonly string[]) =>
  ({ name }: Error): boolean =>
    names.includes(name)

const UNREACHED = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ETIMEDOUT'])

const KNOWN: readonly Known[] = [
  {
    isIt: (error) => named('CredentialsProviderError', 'TokenProviderError')(error) && isAboutExpiry(error),
    says: () => "The AWS session has expired: sign in again with 'aws sso login' (and --profile, if you use one).",
  },
  {
    isIt: (error) => named('CredentialsProviderError', 'TokenProviderError')(error) && /profile/i.test(error.message),
    says: ({ message }) =>
      `The AWS profile cannot be used: ${message}. 'aws configure list-profiles' names those you have.`,
  },
  {
    isIt: named('CredentialsProviderError', 'TokenProviderError'),
    says: () =>
      "There are no AWS credentials: run 'aws configure' or 'aws sso login', name a profile with --profile, or take a local run with --local.",
  },
  {
    isIt: named('ExpiredToken', 'ExpiredTokenException', 'RequestExpired'),
    says: () => "The AWS session has expired: sign in again with 'aws sso login' (and --profile, if you use one).",
  },
  {
    isIt: named(
      'InvalidClientTokenId',
      'UnrecognizedClientException',
      'InvalidAccessKeyId',
      'SignatureDoesNotMatch',
      'InvalidSignatureException',
    ),
    says: ({ name }) =>
      `AWS does not know these credentials (${name}): see which are used with 'aws sts get-caller-identity'.`,
  },
  {
    isIt: (error) => /region is missing|region not accepted/i.test(error.message),
    says: () => 'No AWS region is set: give --region, set AWS_REGION, or name a profile that has one with --profile.',
  },
  {
    isIt: named('AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'Forbidden'),
    says: ({ message }) =>
      `These credentials may not do this: ${message}. Ask for that permission, or use another --profile.`,
  },
  {
    isIt: (error) => UNREACHED.has(String((error as NodeJS.ErrnoException).code)),
    says: ({ message }) =>
      `Nobody answers (${message}): is the network up, the region right, and with --local, is the run still there?`,
  },
]

function isAboutExpiry({ message }: Error): boolean {
  return /expired|refresh/i.test(message)
}
