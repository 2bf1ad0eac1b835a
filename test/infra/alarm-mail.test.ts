// Tests which key encrypts the topic that mails alarms, and that CloudWatch may use that key.

import { Key } from 'aws-cdk-lib/aws-kms'
import { App, Stack } from 'aws-cdk-lib/core'
import { describe, expect, it } from 'vitest'
import { alarmMailTopic } from '../../infra/alarm-mail.ts'
import { type Properties, referenceText, resourcesOf, synthesizedTemplate } from '../support/synthesized-stack.ts'

const EMAIL = 'ops@example.com'
const KEY = 'arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab'

function topicOf(template: Properties): Properties {
  return resourcesOf(template, 'AWS::SNS::Topic')[0]?.Properties ?? {}
}

function statementsOf(template: Properties): Properties[] {
  return resourcesOf(template, 'AWS::KMS::Key')[0]?.Properties.KeyPolicy.Statement
}

const LETS_CLOUDWATCH = {
  Effect: 'Allow',
  Principal: { Service: 'cloudwatch.amazonaws.com' },
  Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
  Resource: '*',
}

describe('the topic of alarm mails', () => {
  it('has no key of KMS by default, since such a key costs a dollar a month', () => {
    const template = synthesizedTemplate({ alarmEmail: EMAIL })
    expect(topicOf(template)).not.toHaveProperty('KmsMasterKeyId')
    expect(resourcesOf(template, 'AWS::KMS::Key')).toEqual([])
  })

  it('has a key of its own where the operator’s key belongs to another stack', () => {
    const template = synthesizedTemplate({ alarmEmail: EMAIL, kmsKeyArn: KEY })
    expect(referenceText(topicOf(template).KmsMasterKeyId)).toContain('AlarmMailKey')
    expect(statementsOf(template)).toContainEqual(LETS_CLOUDWATCH)
    expect(resourcesOf(template, 'AWS::KMS::Key')[0]?.Properties.EnableKeyRotation).toBe(true)
  })

  it('has the operator’s key where the app can change the policy of that key', () => {
    const stack = new Stack(new App(), 'Own')
    const own = new Key(stack, 'Mine')
    expect(alarmMailTopic(stack, EMAIL, own).node.scope).toBe(stack)
    expect(stack.node.findAll().filter((child) => child instanceof Key)).toEqual([own])
    const policy = stack.resolve((own as unknown as { policy: { toJSON(): Properties } }).policy.toJSON())
    expect(policy.Statement).toContainEqual(LETS_CLOUDWATCH)
  })

  it('has no key of its own where no mail is set', () => {
    expect(resourcesOf(synthesizedTemplate({ kmsKeyArn: KEY }), 'AWS::KMS::Key')).toEqual([])
  })
})
