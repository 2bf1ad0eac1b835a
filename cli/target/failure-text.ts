// Turns an error into one sentence about what a person can do.

import { SettingError } from '../../infra/setting-kinds.ts'
import { isUnreachable } from '../../terminal/unreachable.ts'
import { UserError } from '../../terminal/user-error.ts'

/** A command works on AWS, on a local run that stays up, or on the emulators of its own run. */
export type Services = 'aws' | 'local-run' | 'emulators'

export interface FailureContext {
  /** True to return the stack trace of an error that is not the user's mistake. */
  readonly hasStack?: boolean
  readonly services?: Services
}

export function failureText(error: unknown, { hasStack = false, services = 'aws' }: FailureContext = {}): string {
  if (error instanceof UserError || error instanceof SettingError) return error.message
  if (!(error instanceof Error)) return `Failed: ${String(error)}`
  if (hasStack) return error.stack ?? error.message
  // An error after many tries has the error of the last try as its cause.
  const cause = error.cause instanceof Error ? error.cause : null
  for (const one of [error, cause]) {
    const known = one === null ? undefined : KNOWN.find(({ matches }) => matches(one))
    if (one !== null && known !== undefined) return known.text(one, services)
  }
  const { code } = error as NodeJS.ErrnoException
  const why = cause === null ? '' : `: ${cause.message}`
  return `Failed: ${error.message || code || error.name}${why} (DEBUG=1 adds a stack trace)`
}

interface Known {
  matches(error: Error): boolean
  text(error: Error, services: Services): string
}

const named =
  (...names: readonly string[]) =>
  ({ name }: Error): boolean =>
    names.includes(name)

const NO_ANSWER: Readonly<Record<Services, string>> = {
  aws: 'There is no answer from AWS (ERROR): is the network up, and the region right?',
  'local-run': "There is no answer from the local run (ERROR): is 'search-session-ctr local --keep' still running?",
  emulators:
    'There is no answer from an emulator (ERROR): are KINESIS_ENDPOINT, DYNAMODB_ENDPOINT and S3_ENDPOINT right, if they are set?',
}

const EXPIRED = "The AWS session has expired: sign in again with 'aws sso login' (and --profile, if you use one)."

const isCredentialsError = named('CredentialsProviderError', 'TokenProviderError')

const KNOWN: readonly Known[] = [
  {
    matches: (error) => isCredentialsError(error) && isAboutExpiry(error),
    text: () => EXPIRED,
  },
  {
    matches: (error) => isCredentialsError(error) && /profile/i.test(error.message),
    text: ({ message }) => `The AWS profile cannot be used: ${message}. 'aws configure list-profiles' lists yours.`,
  },
  {
    matches: isCredentialsError,
    text: () =>
      "There are no AWS credentials: run 'aws configure' or 'aws sso login', name a profile with --profile, or use a local run with --local.",
  },
  {
    matches: named('ExpiredToken', 'ExpiredTokenException', 'RequestExpired'),
    text: () => EXPIRED,
  },
  {
    matches: named(
      'InvalidClientTokenId',
      'UnrecognizedClientException',
      'InvalidAccessKeyId',
      'SignatureDoesNotMatch',
      'InvalidSignatureException',
    ),
    text: ({ name }) =>
      `AWS does not know these credentials (${name}): 'aws sts get-caller-identity' shows which ones are in use.`,
  },
  {
    matches: (error) => /region is missing|region not accepted/i.test(error.message),
    text: () =>
      'No AWS region is set: give --region, set AWS_REGION, name a profile that has one with --profile, or use a local run with --local.',
  },
  {
    matches: named('AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'Forbidden'),
    text: ({ message }) => `These credentials lack a permission: ${message}. Ask for it, or use another --profile.`,
  },
  {
    matches: isUnreachable,
    text: ({ message }, services) => NO_ANSWER[services].replace('ERROR', () => message),
  },
]

function isAboutExpiry({ message }: Error): boolean {
  return /expired|refresh/i.test(message)
}
