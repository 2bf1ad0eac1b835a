// Names the AWS emulator that `npm run test:conformance` has started.

import type { EmulatorName } from '../../tools/conformance/aws-emulator.ts'

export const EMULATOR = required('CONFORMANCE_EMULATOR') as EmulatorName
export const EMULATOR_ENDPOINT = required('CONFORMANCE_ENDPOINT')

/** The variables that replace the emulator of a service by the endpoint in their value. */
export const ENDPOINT_VARIABLES = ['DYNAMODB_ENDPOINT', 'KINESIS_ENDPOINT', 'S3_ENDPOINT'] as const

function required(variable: string): string {
  const value = process.env[variable]
  if (value === undefined) throw new Error(`${variable} is not set: use npm run test:conformance`)
  return value
}
