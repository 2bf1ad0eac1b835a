// Tests that security checks and CloudFormation's schemas find nothing in the template.

import { Bucket } from 'aws-cdk-lib/aws-s3'
import { CfnResource } from 'aws-cdk-lib/core'
import { describe, expect, it } from 'vitest'
import { checkedApp } from '../support/synthesized-stack.ts'

const IN = 'eu-west-1:123456789012'
const STREAM = { streamArn: `arn:aws:kinesis:${IN}:stream/mine` }
const KEY = { kmsKeyArn: `arn:aws:kms:${IN}:key/1234abcd-12ab-34cd-56ef-1234567890ab` }

/** The check by CloudFormation's schemas is listed only when it finds something, as below. */
const NOTHING_FOUND = [
  { check: 'AwsSolutions', rules: [] },
  { check: 'Serverless', rules: [] },
]

describe('the template', () => {
  it.each([
    ['the default', {}],
    ['a trial', { ephemeral: 'true' }],
    ['an existing stream', STREAM],
    ['a provisioned stream', { streamMode: 'provisioned', shards: '4' }],
    ['an on-demand stream', { streamMode: 'on-demand' }],
    ['a customer managed key', KEY],
    ['a customer managed key, in a trial', { ...KEY, ephemeral: 'true' }],
    ['an existing stream under a customer managed key', { ...STREAM, ...KEY }],
    ['provisioned tables', { tableBilling: 'provisioned' }],
    ['alarms by mail and to a topic', { alarmEmail: 'ops@example.com', alarmTopicArn: `arn:aws:sns:${IN}:ops` }],
    ['alarms by mail under a customer managed key', { ...KEY, alarmEmail: 'ops@example.com' }],
    ['pseudonyms', { pseudonymKeyArn: `arn:aws:secretsmanager:${IN}:secret:search/key-AbCdEf` }],
    ['a name and tags', { name: 'clicks', tags: 'team=search,env=prod' }],
    ['the longest durations', { sweepEvery: '1h', streamRetention: '7d', batchWindow: '5m' }],
  ])('the checks find nothing in %s', (_, settings) => expect(checkedApp(settings)).toEqual(NOTHING_FOUND))
})

describe('the checks', () => {
  it('the checks find a bucket that accepts plain HTTP', () => {
    const [solutions] = checkedApp({}, (stack) => new Bucket(stack, 'Careless'))
    expect(solutions?.rules).toContain('AwsSolutions-S10')
  })

  it('the checks find a template that CloudFormation would refuse', () => {
    const findings = checkedApp({}, (stack) => {
      new CfnResource(stack, 'Wrong', { type: 'AWS::SQS::Queue', properties: { Nonsense: 1, DelaySeconds: 'soon' } })
    })
    expect(findings[2]?.rules).toEqual(expect.arrayContaining(['F3002', 'F3012']))
  })
})
