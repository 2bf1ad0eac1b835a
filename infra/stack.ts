// Defines the stack: one pipeline, and outputs with the names that its users need.

import { Stream } from 'aws-cdk-lib/aws-kinesis'
import { Key } from 'aws-cdk-lib/aws-kms'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { CfnOutput, Duration, Stack, Tags } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import { SearchCtr, type SearchCtrProps } from './search-ctr.ts'
import { SettingError } from './setting-kinds.ts'
import { PIPELINE_SETTINGS, type Settings } from './settings.ts'

export class SearchSessionCtrStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id, {
      description: 'Sessions and click-through rates from a stream of search events',
      ...(settings.name !== null && { stackName: settings.name }),
      terminationProtection: !settings.ephemeral,
      ...regionOf(settings),
    })
    for (const [key, value] of tagsOf(settings.tags)) Tags.of(this).add(key, value)
    // The id `Default` adds nothing to the names of the resources.
    const pipeline = new SearchCtr(this, 'Default', {
      ...pipelineProps(settings),
      ...existingResources(this, settings),
    })
    output(this, 'StreamName', pipeline.stream.streamName, 'Producers write events here')
    output(this, 'StreamArn', pipeline.stream.streamArn, 'The same stream, for tools that need its ARN')
    output(this, 'ResultsTableName', pipeline.results.tableName, 'Searches, sessions, and sums of hours and days')
    output(this, 'SessionsTableName', pipeline.sessions.tableName, 'Open and closed sessions')
    output(this, 'DeadLetterBucketName', pipeline.deadLetters.bucketName, 'Rejected events and failed batches')
    output(this, 'IngestFunctionName', pipeline.ingestFunction.functionName, 'Invoke to send dead letters again')
    output(
      this,
      'FinalizeFunctionName',
      pipeline.finalizeFunction.functionName,
      'Invoke to send failed batches of closed sessions again',
    )
    if (pipeline.rollupFunction !== null)
      output(
        this,
        'RollupFunctionName',
        pipeline.rollupFunction.functionName,
        'Invoke with {"drain": true} to update all sums now',
      )
    output(
      this,
      'SweepFunctionName',
      pipeline.sweepFunction.functionName,
      'Invoke with {"drain": true} to close all open sessions now',
    )
  }
}

function pipelineProps(settings: Settings): SearchCtrProps {
  const props = Object.entries(PIPELINE_SETTINGS).map(([name, { kind }]) => {
    const value = settings[name as keyof typeof PIPELINE_SETTINGS]
    return [name, kind === 'duration' ? Duration.millis(value as number) : (value ?? undefined)]
  })
  return Object.fromEntries(props) as SearchCtrProps
}

/** The resources of the account that the pipeline uses instead of creating its own. */
function existingResources(scope: Construct, { streamArn, kmsKeyArn, alarmTopicArn, pseudonymKeyArn }: Settings) {
  const encryptionKey = kmsKeyArn === null ? undefined : Key.fromKeyArn(scope, 'YourKey', kmsKeyArn)
  return {
    encryptionKey,
    stream:
      streamArn === null
        ? undefined
        : Stream.fromStreamAttributes(scope, 'YourStream', { streamArn, ...(encryptionKey && { encryptionKey }) }),
    alarmTopic: alarmTopicArn === null ? undefined : Topic.fromTopicArn(scope, 'YourTopic', alarmTopicArn),
    pseudonymKey:
      pseudonymKeyArn === null
        ? undefined
        : Secret.fromSecretAttributes(scope, 'YourPseudonymKey', {
            secretCompleteArn: pseudonymKeyArn,
            ...(encryptionKey && { encryptionKey }),
          }),
  }
}

/**
 * The stack has to be in the region of the resources that it uses. Throws `SettingError` where they
 * differ in region or account.
 */
function regionOf({ streamArn, kmsKeyArn, alarmTopicArn, pseudonymKeyArn }: Settings): { env?: { region: string } } {
  const given = Object.entries({ streamArn, kmsKeyArn, alarmTopicArn, pseudonymKeyArn })
  const resources = given.flatMap(([name, arn]) => {
    const [, , , region = '', account = ''] = arn?.split(':') ?? []
    return arn === null ? [] : [{ name, arn, region, account }]
  })
  const [first] = resources
  if (first === undefined) return {}
  const other = resources.find(({ region, account }) => region !== first.region || account !== first.account)
  if (other === undefined) return { env: { region: first.region } }
  const expected = `region ${first.region} and account ${first.account}`
  throw new SettingError(`setting ${other.name}: '${other.arn}' is not in ${expected} as ${first.name} is`)
}

function tagsOf(tags: string | null): [string, string][] {
  return (tags?.split(',') ?? []).map((tag) => [tag.slice(0, tag.indexOf('=')), tag.slice(tag.indexOf('=') + 1)])
}

function output(scope: Construct, id: string, value: string, description: string): void {
  new CfnOutput(scope, id, { value, description })
}
