// The synthesized template, checked: settings in, and nothing found by the security packs or by CloudFormation's own schemas.

import { Bucket } from 'aws-cdk-lib/aws-s3'
import { CfnResource } from 'aws-cdk-lib/core'
import { describe, expect, it } from 'vitest'
import { checkedApp } from '../support/synthesized-stack.ts'

const IN = 'eu-west-1:123456789012'
const STREAM = { streamArn: `arn:aws:kinesis:${IN}:stream/mine` }
const KEY = { kmsKeyArn: `arn:aws:kms:${IN}:key/1234abcd-12ab-34cd-56ef-1234567890ab` }

/** CloudFormation's check is not named where it finds nothing; that it is there is seen below. */
const NOTHING_FOUND = [
  { check: 'AwsSolutions', rules: [] },
  { check: 'Serverless', rules: [] },
]

describe('the checks find nothing in', () => {
  it.each([
    ['the default', {}],
    ['a trial', { ephemeral: 'true' }],
    ['a stream of one’s own', STREAM],
    ['a provisioned stream', { streamMode: 'provisioned', shards: '4' }],
    ['an on-demand stream', { streamMode: 'on-demand' }],
    ['a key of one’s own', KEY],
    ['a key of one’s own, in a trial', { ...KEY, ephemeral: 'true' }],
    ['a stream under a key of one’s own', { ...STREAM, ...KEY }],
    ['provisioned tables', { tableBilling: 'provisioned' }],
    ['alarms by mail and to a topic', { alarmEmail: 'ops@example.com', alarmTopicArn: `arn:aws:sns:${IN}:ops` }],
    ['pseudonyms', { pseudonymKeyArn: `arn:aws:secretsmanager:${IN}:secret:search/key-AbCdEf` }],
    ['a name and tags', { name: 'clicks', tags: 'team=search,env=prod' }],
    ['the slowest and longest of everything', { sweepEvery: '1h', streamRetention: '7d', batchWindow: '5m' }],
  ])('%s', (_, settings) => expect(checkedApp(settings)).toEqual(NOTHING_FOUND))
})

describe('the checks', () => {
  it('find a bucket that takes plain HTTP', () => {
    const [solutions] = checkedApp({}, (stack) => new Bucket(stack, 'Careless'))
    expect(solutions?.rules).toContain('AwsSolutions-S10')
  })

  it('find what CloudFormation would refuse', () => {
    const findings = checkedApp({}, (stack) => {
      new CfnResource(stack, 'Wrong', { type: 'AWS::SQS::Queue', properties: { Nonsense: 1, DelaySeconds: 'soon' } })
    })
    expect(findings[2]?.rules).toEqual(expect.arrayContaining(['F3002', 'F3012']))
  })
})
