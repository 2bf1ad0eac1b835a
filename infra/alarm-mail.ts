// Creates the topic that mails alarms, and chooses the key that encrypts it.

import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { type IKey, Key } from 'aws-cdk-lib/aws-kms'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'

const CLOUDWATCH = new ServicePrincipal('cloudwatch.amazonaws.com')

/** @param encryptionKey the operator's own key; undefined where AWS's keys are enough. */
export function alarmMailTopic(scope: Construct, email: string, encryptionKey: IKey | undefined): Topic {
  const masterKey = encryptionKey && topicKey(scope, encryptionKey)
  const topic = new Topic(scope, 'AlarmMail', { enforceSSL: true, ...(masterKey && { masterKey }) })
  // `enforceSSL` adds a policy. It replaces the default one, which lets alarms publish.
  topic.addToResourcePolicy(
    new PolicyStatement({
      principals: [CLOUDWATCH],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
  )
  topic.addSubscription(new EmailSubscription(email))
  Validations.of(topic).acknowledge({
    id: 'Serverless::Serverless-SNSRedrivePolicy',
    reason: 'The dashboard still shows an alarm whose mail was lost.',
  })
  return topic
}

/**
 * Returns the operator's key if this app can let CloudWatch use it, and otherwise a new key. Alarms
 * would get lost without a word under a key that CloudWatch may not use.
 */
function topicKey(scope: Construct, encryptionKey: IKey): IKey {
  // The topic's own policy lets only this account's alarms publish. A condition here that
  // CloudWatch does not fulfil would lose alarms.
  const statement = new PolicyStatement({
    principals: [CLOUDWATCH],
    actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    resources: ['*'],
  })
  if (encryptionKey.addToResourcePolicy(statement, true).statementAdded) return encryptionKey
  const key = new Key(scope, 'AlarmMailKey', {
    description: 'Encrypts the topic that mails the alarms of the search pipeline',
    enableKeyRotation: true,
    // A topic stores no message for long, so the key protects nothing after the stack.
    removalPolicy: RemovalPolicy.DESTROY,
  })
  key.addToResourcePolicy(statement)
  return key
}
