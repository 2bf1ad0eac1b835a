// Tests the stack's functions, their variables and their permissions by the synthesized template.

import type { Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { FINALIZE_VARIABLES, INGEST_VARIABLES, ROLLUP_VARIABLES, SWEEP_VARIABLES } from '../../functions/contract.ts'
import {
  type FoundResource,
  type Properties,
  permissionsOf,
  referenceText,
  resource,
  resourcesOf,
  type Statement,
  statementsOf,
  synthesizedTemplate,
} from '../support/synthesized-stack.ts'

const FUNCTION = 'AWS::Lambda::Function'

/** Gives every setting that a function reads another value than its default. */
const CHANGED = {
  gap: '10m',
  lateness: '2m',
  amendFor: '3d',
  lateEvents: 'divert',
  maxClockSkew: '90s',
  minEventTime: '2010-01-01T00:00:00Z',
  maxSessionEvents: '200',
  maxSessionDuration: '2h',
  sweepEvery: '5m',
  resultRetention: '90d',
  rollupEvery: '10m',
  rankEvery: '2h',
  segmentValuesMax: '7',
  rollupRetention: '800d',
}

let template: Template
let changed: Template

beforeAll(() => {
  template = synthesizedTemplate()
  changed = synthesizedTemplate(CHANGED)
})

describe('the functions', () => {
  const functions = (): FoundResource[] => {
    const found = resourcesOf(template, FUNCTION)
    expect(found.map(({ name }) => name)).toEqual(['Ingest', 'Sweep', 'Finalize', 'Rollup'])
    return found
  }

  it('functions run on Node 24 and arm64', () => {
    for (const { Properties } of functions()) {
      expect(Properties.Runtime).toBe('nodejs24.x')
      expect(Properties.Architectures).toEqual(['arm64'])
    }
  })

  it('no function reserves concurrency, which an account of 10 would refuse', () => {
    for (const { Properties } of functions()) expect(Properties).not.toHaveProperty('ReservedConcurrentExecutions')
  })

  it('each function has a log of its own, which is retained for 30 days', () => {
    const logs = functions().map(({ Properties }) => referenceText(Properties.LoggingConfig.LogGroup))
    expect(logs).toEqual(['IngestLog', 'SweepLog', 'FinalizeLog', 'RollupLog'])
    for (const log of logs) {
      expect(resource(template, 'AWS::Logs::LogGroup', log).Properties.RetentionInDays).toBe(30)
    }
  })

  it.each([
    ['Ingest', INGEST_VARIABLES],
    ['Sweep', SWEEP_VARIABLES],
    ['Finalize', FINALIZE_VARIABLES],
    ['Rollup', ROLLUP_VARIABLES],
  ])('%s gets exactly the variables that it reads', (name, variables) => {
    expect(Object.keys(environment(template, name)).sort()).toEqual(Object.values<string>(variables).sort())
  })

  it.each(['Ingest', 'Sweep'])('%s gets the session rules from the settings', (name) => {
    expect(environment(changed, name)).toMatchObject({
      GAP_MS: '600000',
      LATENESS_MS: '120000',
      AMEND_FOR_MS: '259200000',
      LATE_EVENTS: 'divert',
      MAX_CLOCK_SKEW_MS: '90000',
      MAX_SESSION_EVENTS: '200',
      MAX_SESSION_DURATION_MS: '7200000',
    })
    expect(environment(template, name).GAP_MS).toBe('1800000')
  })

  it('the sweep gets its rate, and finalize the retention of results', () => {
    expect(environment(changed, 'Sweep').SWEEP_EVERY_MS).toBe('300000')
    expect(environment(changed, 'Finalize').RESULT_RETENTION_MS).toBe('7776000000')
  })

  it('the rollup gets the rate of rankings and the retention of sums', () => {
    expect(environment(changed, 'Rollup')).toMatchObject({
      RANK_EVERY_MS: '7200000',
      SEGMENT_VALUES_MAX: '7',
      ROLLUP_RETENTION_MS: '69120000000',
    })
  })

  it('the timeouts of the sweep and the rollup are shorter than their schedules', () => {
    const timeoutOf = (from: Template, name: string): number => resource(from, FUNCTION, name).Properties.Timeout
    expect([timeoutOf(template, 'Sweep'), timeoutOf(template, 'Rollup')]).toEqual([55, 295])
    expect([timeoutOf(changed, 'Sweep'), timeoutOf(changed, 'Rollup')]).toEqual([55, 595])
  })

  it('functions get the names of the resources that they use', () => {
    const name = (step: string, variable: string): string => referenceText(environment(template, step)[variable])
    expect(name('Ingest', 'SESSIONS_TABLE')).toBe('Sessions')
    expect(name('Ingest', 'DEAD_LETTER_BUCKET')).toBe('DeadLetters')
    expect(name('Sweep', 'SESSIONS_TABLE')).toBe('Sessions')
    expect(name('Sweep', 'STREAM_NAME')).toBe('Events')
    expect(name('Finalize', 'SESSIONS_TABLE')).toBe('Sessions')
    expect(name('Finalize', 'RESULTS_TABLE')).toBe('Results')
    expect(name('Rollup', 'RESULTS_TABLE')).toBe('Results')
  })

  function environment(from: Template, name: string): Properties {
    return resource(from, FUNCTION, name).Properties.Environment.Variables
  }
})

describe('the roles', () => {
  const FAILED_BATCHES = ['s3:ListBucket on DeadLetters.Arn', 's3:PutObject on DeadLetters.Arn/aws/lambda/*']

  it('the role of ingest allows exactly these actions', () => {
    expect(permissionsOf(statementsOf(template, 'IngestRole'))).toEqual([
      'dynamodb:BatchGetItem on Sessions.Arn',
      'dynamodb:GetItem on Sessions.Arn',
      'dynamodb:PartiQLInsert on Sessions.Arn',
      'dynamodb:PartiQLUpdate on Sessions.Arn',
      'dynamodb:PutItem on Sessions.Arn',
      'dynamodb:Query on Sessions.Arn',
      'kinesis:DescribeStream on Events.Arn',
      'kinesis:DescribeStreamSummary on Events.Arn',
      'kinesis:GetRecords on Events.Arn',
      'kinesis:GetShardIterator on Events.Arn',
      'kinesis:ListShards on Events.Arn',
      'logs:CreateLogStream on IngestLog.Arn',
      'logs:PutLogEvents on IngestLog.Arn',
      ...FAILED_BATCHES,
      's3:PutObject on DeadLetters.Arn/rejected/*',
    ])
  })

  it('the role of the sweep allows exactly these actions', () => {
    expect(permissionsOf(statementsOf(template, 'SweepRole'))).toEqual([
      'dynamodb:BatchGetItem on Sessions.Arn',
      'dynamodb:DeleteItem on Sessions.Arn',
      'dynamodb:GetItem on Sessions.Arn',
      'dynamodb:PartiQLInsert on Sessions.Arn',
      'dynamodb:PartiQLUpdate on Sessions.Arn',
      'dynamodb:PutItem on Sessions.Arn',
      'dynamodb:Query on Sessions.Arn',
      'kinesis:GetRecords on Events.Arn',
      'kinesis:GetShardIterator on Events.Arn',
      'kinesis:ListShards on Events.Arn',
      'logs:CreateLogStream on SweepLog.Arn',
      'logs:PutLogEvents on SweepLog.Arn',
    ])
  })

  it('the role of finalize allows exactly these actions', () => {
    expect(permissionsOf(statementsOf(template, 'FinalizeRole'))).toEqual([
      'dynamodb:DescribeStream on Sessions.StreamArn',
      'dynamodb:GetItem on Sessions.Arn',
      'dynamodb:GetRecords on Sessions.StreamArn',
      'dynamodb:GetShardIterator on Sessions.StreamArn',
      'dynamodb:ListStreams on Sessions.StreamArn',
      'dynamodb:PartiQLInsert on Results.Arn',
      'dynamodb:PutItem on Results.Arn',
      'logs:CreateLogStream on FinalizeLog.Arn',
      'logs:PutLogEvents on FinalizeLog.Arn',
      ...FAILED_BATCHES,
    ])
  })

  it('the role of the rollup allows exactly these actions', () => {
    expect(permissionsOf(statementsOf(template, 'RollupRole'))).toEqual([
      'dynamodb:ConditionCheckItem on Results.Arn',
      'dynamodb:DeleteItem on Results.Arn',
      'dynamodb:GetItem on Results.Arn',
      'dynamodb:PutItem on Results.Arn',
      'dynamodb:Query on Results.Arn',
      'dynamodb:Query on Results.Arn/index/by_hour',
      'logs:CreateLogStream on RollupLog.Arn',
      'logs:PutLogEvents on RollupLog.Arn',
    ])
  })

  it('each function has its own role, with no managed or inline policies', () => {
    const roles = resourcesOf(template, 'AWS::IAM::Role')
    const used = resourcesOf(template, FUNCTION).map(({ Properties }) => referenceText(Properties.Role))
    expect(roles.map(({ name }) => `${name}.Arn`)).toEqual(used)
    expect(new Set(used).size).toBe(4)
    for (const { Properties } of roles) {
      expect(Properties).not.toHaveProperty('ManagedPolicyArns')
      expect(Properties).not.toHaveProperty('Policies')
      const [trust, ...others] = Properties.AssumeRolePolicyDocument.Statement
      expect([trust.Principal, others]).toEqual([{ Service: 'lambda.amazonaws.com' }, []])
    }
  })

  it('no role has a wildcard action or all resources', () => {
    const policies = resourcesOf(template, 'AWS::IAM::Policy')
    const statements = policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[])
    expect(statements.length).toBeGreaterThan(10)
    for (const statement of statements) {
      expect(statement).not.toHaveProperty('NotAction')
      expect(statement).not.toHaveProperty('NotResource')
      for (const action of [statement.Action].flat()) expect(action).toMatch(/^[a-z0-9]+:[A-Za-z]+$/)
      for (const on of [statement.Resource].flat()) expect(referenceText(on)).toMatch(/^\w+\.(Arn|StreamArn)(\/|$)/)
    }
  })
})
