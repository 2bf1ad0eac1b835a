// Lists by name what the AWS emulators do not support, with the reasons.

import type { EmulatorName } from '../../tools/conformance/aws-emulator.ts'

/** A test that an AWS emulator passes only on a fast machine. */
export interface SlowTest {
  readonly emulator: EmulatorName
  readonly file: string
  /** The test without its `describe`. */
  readonly test: string
  readonly reason: string
}

export const TOO_SLOW: readonly SlowTest[] = [
  {
    emulator: 'moto',
    file: 'test/aws/sessions-table/session-store.test.ts',
    test: 'loads more than a hundred users at once',
    reason: 'moto may accept a hundred connections too late: the functions wait one second',
  },
  {
    emulator: 'moto',
    file: 'test/aws/results-table/rollup-store.test.ts',
    test: 'stores more entries than one transaction takes',
    reason: 'a transaction of 100 items takes moto longer than the 3 seconds that the functions wait',
  },
  {
    emulator: 'moto',
    file: 'test/integration/pipeline.test.ts',
    test: 'gives packed events the same results as single ones, and stores each bad event alone',
    reason: 'two runs of a log of hundreds of events take moto many minutes',
  },
  {
    emulator: 'moto',
    file: 'test/integration/pipeline.test.ts',
    test: 'gives a generated log on several shards the sessions of the batch oracle',
    reason: 'a log of thousands of events takes moto many minutes',
  },
]

/**
 * As DynamoDB, moto needs minutes for each thousand events. Logs of that size run with it as
 * Kinesis alone.
 */
export const TOO_SLOW_AS_DYNAMODB: readonly EmulatorName[] = ['moto']

/**
 * CloudWatch alarms that MiniStack refuses with the message below. They have their logical ids,
 * without the hash of the CDK.
 */
export const NOT_DEPLOYED: readonly string[] = [
  'FinalizeMissing',
  'BatchesGivenUp',
  'RejectedShare',
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
