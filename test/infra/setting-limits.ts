// Lists each setting's default and its valid and invalid values, for tests.

import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../functions/domain/durations.ts'

export interface Limits {
  readonly name: string
  readonly byDefault: number
  readonly min: number
  readonly max: number
  /** The allowed range, as the error message has it. */
  readonly range: string
  /** The smallest step between two allowed values. */
  readonly step: number
}

export const DURATIONS: readonly Limits[] = [
  { name: 'gap', byDefault: 30 * MINUTE_MS, min: SECOND_MS, max: DAY_MS, range: '1s to 1d', step: 1 },
  { name: 'lateness', byDefault: MINUTE_MS, min: 0, max: DAY_MS, range: '0ms to 1d', step: 1 },
  { name: 'amendFor', byDefault: 7 * DAY_MS, min: 0, max: 30 * DAY_MS, range: '0ms to 30d', step: 1 },
  { name: 'maxClockSkew', byDefault: 5 * MINUTE_MS, min: 0, max: DAY_MS, range: '0ms to 1d', step: 1 },
  { name: 'maxSessionDuration', byDefault: 12 * HOUR_MS, min: MINUTE_MS, max: DAY_MS, range: '1m to 1d', step: 1 },
  {
    name: 'satisfiedDwell',
    byDefault: 30 * SECOND_MS,
    min: SECOND_MS,
    max: 30 * MINUTE_MS,
    range: '1s to 30m',
    step: 1,
  },
  { name: 'reformulatedWithin', byDefault: 2 * MINUTE_MS, min: 0, max: 30 * MINUTE_MS, range: '0ms to 30m', step: 1 },
  {
    name: 'sweepEvery',
    byDefault: MINUTE_MS,
    min: MINUTE_MS,
    max: HOUR_MS,
    range: '1m to 1h in steps of 1m',
    step: MINUTE_MS,
  },
  {
    name: 'batchWindow',
    byDefault: 120 * SECOND_MS,
    min: 0,
    max: 300_000,
    range: '0ms to 5m in steps of 1s',
    step: SECOND_MS,
  },
  {
    name: 'streamRetention',
    byDefault: DAY_MS,
    min: DAY_MS,
    max: 7 * DAY_MS,
    range: '1d to 7d in steps of 1h',
    step: HOUR_MS,
  },
  {
    name: 'resultRetention',
    byDefault: 400 * DAY_MS,
    min: DAY_MS,
    max: 3650 * DAY_MS,
    range: '1d to 3650d in steps of 1d',
    step: DAY_MS,
  },
  {
    name: 'rollupEvery',
    byDefault: 5 * MINUTE_MS,
    min: MINUTE_MS,
    max: HOUR_MS,
    range: '1m to 1h in steps of 1m',
    step: MINUTE_MS,
  },
  {
    name: 'rankEvery',
    byDefault: HOUR_MS,
    min: 5 * MINUTE_MS,
    max: DAY_MS,
    range: '5m to 1d in steps of 1m',
    step: MINUTE_MS,
  },
  {
    name: 'rollupRetention',
    byDefault: 1100 * DAY_MS,
    min: DAY_MS,
    max: 3650 * DAY_MS,
    range: '1d to 3650d in steps of 1d',
    step: DAY_MS,
  },
  {
    name: 'deadLetterRetention',
    byDefault: 30 * DAY_MS,
    min: DAY_MS,
    max: 365 * DAY_MS,
    range: '1d to 365d in steps of 1d',
    step: DAY_MS,
  },
]

export const NUMBERS: readonly Limits[] = [
  { name: 'maxSessionEvents', byDefault: 1000, min: 2, max: 5000, range: '2 to 5000', step: 1 },
  { name: 'finalizers', byDefault: 2, min: 1, max: 10, range: '1 to 10', step: 1 },
  { name: 'ingestMemoryMb', byDefault: 512, min: 512, max: 10_240, range: '512 to 10240', step: 1 },
  { name: 'sweepMemoryMb', byDefault: 512, min: 512, max: 10_240, range: '512 to 10240', step: 1 },
  { name: 'finalizeMemoryMb', byDefault: 512, min: 512, max: 10_240, range: '512 to 10240', step: 1 },
  { name: 'rollupMemoryMb', byDefault: 1769, min: 512, max: 10_240, range: '512 to 10240', step: 1 },
  { name: 'rollupRuns', byDefault: 1, min: 1, max: 16, range: '1 to 16', step: 1 },
  { name: 'segmentValuesMax', byDefault: 50, min: 1, max: 100, range: '1 to 100', step: 1 },
  { name: 'sweepers', byDefault: 1, min: 1, max: 16, range: '1 to 16', step: 1 },
  { name: 'batchSize', byDefault: 7500, min: 1, max: 10_000, range: '1 to 10000', step: 1 },
  { name: 'shards', byDefault: 1, min: 1, max: 500, range: '1 to 500', step: 1 },
  { name: 'tableWriteUnitsMax', byDefault: 1000, min: 5, max: 40_000, range: '5 to 40000', step: 1 },
  { name: 'tableReadUnitsMax', byDefault: 500, min: 5, max: 40_000, range: '5 to 40000', step: 1 },
]

export interface Choices {
  readonly name: string
  readonly byDefault: string | boolean
  readonly allowed: readonly string[]
}

export const CHOICES: readonly Choices[] = [
  { name: 'lateEvents', byDefault: 'amend', allowed: ['amend', 'divert'] },
  { name: 'rollups', byDefault: 'on', allowed: ['on', 'off'] },
  { name: 'writes', byDefault: 'batched', allowed: ['batched', 'single'] },
  { name: 'streamMode', byDefault: 'provisioned', allowed: ['provisioned', 'on-demand'] },
  { name: 'tableBilling', byDefault: 'on-demand', allowed: ['on-demand', 'provisioned'] },
  { name: 'ephemeral', byDefault: false, allowed: ['true', 'false'] },
]

export interface Texts {
  readonly name: string
  readonly byDefault?: string
  readonly allowed: string
  readonly valid: readonly string[]
  readonly invalid: readonly string[]
}

function manyApplications(count: number): string {
  return Array.from({ length: count }, (_, n) => `shop${n}=0`).join(',')
}

const ACCOUNT = '123456789012'
const KEY = 'key/1234abcd-12ab-34cd-56ef-1234567890ab'

export const TIMES: readonly Omit<Limits, 'step'>[] = [
  {
    name: 'minEventTime',
    byDefault: Date.UTC(2000),
    min: 0,
    max: Date.UTC(2025),
    range: '1970-01-01T00:00:00Z to 2025-01-01T00:00:00Z',
  },
]

export const TEXTS: readonly Texts[] = [
  {
    name: 'ubiOrdinalsFrom',
    byDefault: '1',
    allowed: '0, 1 or application=0,application=1',
    valid: ['0', '1', 'shop=0,blog=1', 'Pet shop=0', manyApplications(16)],
    invalid: [
      ...['2', '00', 'shop', 'shop=2', 'shop=0,', 'shop=0, blog=1', ' shop=0', 'shop =0', '=0', '0,shop=1'],
      ...['shop=0,shop=1', 'a=1,shop=0,b=1,shop=0', `${'a'.repeat(101)}=0`, manyApplications(17)],
    ],
  },
  {
    name: 'segments',
    allowed: 'up to 3 different labels of a-z, 0-9, _ and - (not constructor or __proto__)',
    valid: ['application', 'application,variant', 'a,b,c', 'a,aa,a-', 'none', '_', '0', 'l'.repeat(32)],
    invalid: [
      ...['Application', 'a,b,c,d', 'a,a', 'a,b,a', 'b,a,a', 'a,', ',a', 'a,,b', 'a, b', ' a', 'a b', 'ä', 'a\n'],
      ...['l'.repeat(33), 'constructor', 'a,constructor', '__proto__', '__proto__,a'],
    ],
  },
  {
    name: 'alarmEmail',
    allowed: 'an e-mail address',
    valid: ['ops@example.com'],
    invalid: ['ops', 'a b@c', '@', 'a@b@c', 'a@b', 'a@b.c,d', '${' + 'Token[x]}@b.c', `${'a'.repeat(65)}@b.c`],
  },
  {
    name: 'name',
    allowed: 'letters, digits and dashes',
    valid: ['Search', 'a-1'],
    invalid: ['1a', '-a', 'a b', 'ä', 'a_b'],
  },
  {
    name: 'tags',
    allowed: 'key=value,key=value',
    valid: ['a=b', 'team=search,env=prod', 'a=b c'],
    invalid: ['a', 'a=b,', '=b', 'a=b,c', 'a=b=c', 'aws tag=x', 'empty=', 'aws:a=b', 'a=b,AWS:c=d'],
  },
  {
    name: 'streamArn',
    allowed: 'arn:aws:kinesis:REGION:ACCOUNT:stream/NAME',
    valid: [
      `arn:aws:kinesis:eu-west-1:${ACCOUNT}:stream/mine`,
      `arn:aws-cn:kinesis:cn-north-1:${ACCOUNT}:stream/a.b_c-1`,
    ],
    invalid: [
      'nonsense',
      'mine',
      `arn:aws:kinesis:eu-west-1:${ACCOUNT}:stream/`,
      `arn:aws:kinesis:eu-west-1:12:stream/a`,
    ],
  },
  {
    name: 'kmsKeyArn',
    allowed: 'arn:aws:kms:REGION:ACCOUNT:key/12345678-90ab-cdef-1234-567890abcdef',
    valid: [`arn:aws:kms:eu-west-1:${ACCOUNT}:${KEY}`],
    invalid: ['true', KEY, `arn:aws:kms:eu-west-1:${ACCOUNT}:key/ID`, `arn:aws:kms:eu-west-1:${ACCOUNT}:alias/mine`],
  },
  {
    name: 'alarmTopicArn',
    allowed: 'arn:aws:sns:REGION:ACCOUNT:TOPIC',
    valid: [`arn:aws:sns:eu-west-1:${ACCOUNT}:ops`],
    invalid: ['ops', `arn:aws:sqs:eu-west-1:${ACCOUNT}:ops`, `arn:aws:sns:eu-west-1:${ACCOUNT}:a:b`],
  },
  {
    name: 'pseudonymKeyArn',
    allowed: 'arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-ABC123',
    valid: [`arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:search/key-AbCdEf`],
    invalid: [
      'key',
      `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:key`,
      `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:`,
      `arn:aws:ssm:eu-west-1:${ACCOUNT}:secret:a`,
    ],
  },
]
