// Turns an error into one sentence about what a person can do.

import { SettingError } from '../../infra/setting-kinds.ts'
import { shellWord } from '../../terminal/text-table.ts'
import { isUnreachable } from '../../terminal/unreachable.ts'
import { UserError, unexpectedFileErrorText } from '../../terminal/user-error.ts'
import { missingProfileText } from './aws-profile.ts'

/** A command works on AWS, on a local run that stays up, or on the emulators of its own run. */
export type Services = 'aws' | 'local-run' | 'emulators'

export interface FailureContext {
  /** True to return the stack trace of an error that is not the user's mistake. */
  readonly hasStack?: boolean
  readonly services?: Services
  /** The profile that an option names. */
  readonly profile?: string | undefined
  /** The environment that names the AWS configuration, and perhaps a profile. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

export function failureText(error: unknown, context: FailureContext = {}): string {
  const { hasStack = false } = context
  if (error instanceof UserError || error instanceof SettingError) return error.message
  if (!(error instanceof Error)) return `Failed: ${String(error)}`
  if (hasStack) return error.stack ?? error.message
  // An error after many tries has the error of the last try as its cause.
  const cause = error.cause instanceof Error ? error.cause : null
  for (const one of [error, cause]) {
    const known = one === null ? undefined : KNOWN.find(({ matches }) => matches(one))
    if (one !== null && known !== undefined) return known.text(one, context)
  }
  const { code } = error as NodeJS.ErrnoException
  const why = cause === null ? '' : `: ${cause.message}`
  return `Failed: ${error.message || code || error.name}${why} (DEBUG=1 adds a stack trace)`
}

interface Known {
  matches(error: Error): boolean
  text(error: Error, context: FailureContext): string
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

function profileOf({ profile, env = {} }: FailureContext): string | null {
  return profile ?? (env.AWS_PROFILE || null)
}

function expiredText(_: Error, context: FailureContext): string {
  const profile = profileOf(context)
  const command = profile === null ? 'aws sso login' : `aws sso login --profile ${shellWord(profile)}`
  return `The AWS session has expired: sign in again with '${command}'.`
}

const isCredentialsError = named('CredentialsProviderError', 'TokenProviderError')
const isAboutRegion = ({ message }: Error): boolean => /region is missing|region not accepted/i.test(message)

/** Returns the sentence about a profile that is named and does not exist, or else null. */
function missingText(context: FailureContext): string | null {
  const profile = profileOf(context)
  return profile === null ? null : missingProfileText(profile, context.env ?? {})
}

function noCredentialsText({ message }: Error, context: FailureContext): string {
  const profile = profileOf(context)
  if (profile === null)
    return "There are no AWS credentials: run 'aws configure' or 'aws sso login', name a profile with --profile, or use a local run with --local."
  const reason = /profile/i.test(message) ? ` (${message.replace(/\.$/, '')})` : ''
  const command = `aws sts get-caller-identity --profile ${shellWord(profile)}`
  return missingText(context) ?? `The AWS profile '${profile}' gives no credentials${reason}: '${command}' shows why.`
}

function noRegionText(_: Error, context: FailureContext): string {
  const profile = profileOf(context)
  const first = profile === null ? 'No AWS region is set' : `The AWS profile '${profile}' has no region`
  const other = profile === null ? 'name a profile that has one with --profile' : 'name another --profile'
  return missingText(context) ?? `${first}: give --region, set AWS_REGION, ${other}, or use a local run with --local.`
}

const KNOWN: readonly Known[] = [
  {
    matches: (error) => isCredentialsError(error) && isAboutExpiry(error),
    text: expiredText,
  },
  {
    matches: isCredentialsError,
    text: noCredentialsText,
  },
  {
    matches: named('ExpiredToken', 'ExpiredTokenException', 'RequestExpired'),
    text: expiredText,
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
    matches: isAboutRegion,
    text: noRegionText,
  },
  {
    matches: named('AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'Forbidden'),
    text: ({ message }) => `These credentials lack a permission: ${message}. Ask for it, or use another --profile.`,
  },
  {
    matches: (error) => unexpectedFileErrorText(error) !== null,
    text: (error) => unexpectedFileErrorText(error) ?? '',
  },
  {
    matches: isUnreachable,
    text: ({ message }, { services = 'aws' }) => NO_ANSWER[services].replace('ERROR', () => message),
  },
]

function isAboutExpiry({ message }: Error): boolean {
  return /expired|refresh/i.test(message)
}
