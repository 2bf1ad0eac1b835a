// Lists by name what the AWS emulators do not support, with the reasons.

import type { EmulatorName } from '../../tools/conformance/aws-emulator.ts'

/**
 * As DynamoDB, moto needs minutes for some hundred events. Logs of that size run with it as
 * Kinesis alone.
 */
export const TOO_SLOW_AS_DYNAMODB: readonly EmulatorName[] = ['moto']

/**
 * A statement leaves no change in MiniStack's stream of the table, so finalize would never run. The
 * contracts of the stores check the statements there, and the runs write singly.
 */
export const NO_CHANGE_BY_STATEMENT: readonly EmulatorName[] = ['ministack']

/** In a statement, these do not compare the version that the WHERE names. */
export const NO_CONDITION_OF_STATEMENT: readonly EmulatorName[] = ['moto']

/** These give each change of a table the size 0. The local run puts its own count there. */
export const CHANGES_WITHOUT_SIZE: readonly EmulatorName[] = ['ministack']

/**
 * CloudWatch alarms that MiniStack refuses with the message below. They have their logical ids,
 * without the hash of the CDK.
 */
export const NOT_DEPLOYED: readonly string[] = [
  'FinalizeMissing',
  'BatchesGivenUp',
  'RejectedShare',
  'OrphanClicksShare',
  'TablesThrottled',
  'IngestFailing',
  'SweepFailing',
  'FinalizeFailing',
  'FunctionsThrottled',
]
export const NOT_DEPLOYED_MESSAGE = /Metrics \(metric math\) is not supported/

/**
 * AWS finds the stream of GetRecords in the iterator. MiniStack does not, so it allows the action
 * only to a role that has it on every resource.
 */
export const ALLOWED_ON_EVERY_RESOURCE = { role: 'SweepRole', action: 'kinesis:GetRecords' }
