// Tests the construct and the choices of an operator by the synthesized template.

import { Template } from 'aws-cdk-lib/assertions'
import { Stream } from 'aws-cdk-lib/aws-kinesis'
import { App, Duration, Stack } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import { describe, expect, it } from 'vitest'
import { SearchCtr, type SearchCtrProps } from '../../infra/search-ctr.ts'
import { SettingError } from '../../infra/setting-kinds.ts'
import {
  permissionsOf,
  referenceText,
  resource,
  resourcesOf,
  statementsOf,
  synthesizedTemplate,
} from '../support/synthesized-stack.ts'

const TABLE = 'AWS::DynamoDB::GlobalTable'
const IN = 'eu-west-1:123456789012'
const KEY = `arn:aws:kms:${IN}:key/1234abcd-12ab-34cd-56ef-1234567890ab`
const STREAM = `arn:aws:kinesis:${IN}:stream/mine`

function stackWith(add: (stack: Stack) => void): Template {
  const stack = new Stack(new App({ context: { 'aws:cdk:bundling-stacks': [] } }), 'Theirs')
  add(stack)
  return Template.fromStack(stack)
}

describe('the construct', () => {
  it('the construct accepts settings as durations, numbers and choices', () => {
    const template = stackWith((stack) => {
      new SearchCtr(stack, 'Clicks', { gap: Duration.minutes(10), shards: 4, lateEvents: 'divert' })
    })
    expect(resource(template, 'AWS::Kinesis::Stream', 'ClicksEvents').Properties.ShardCount).toBe(4)
    const { Variables } = resource(template, 'AWS::Lambda::Function', 'ClicksIngest').Properties.Environment
    expect(Variables).toMatchObject({ GAP_MS: '600000', LATE_EVENTS: 'divert', LATENESS_MS: '60000' })
  })

  it.each<[SearchCtrProps, string]>([
    [{ gap: Duration.days(2) }, "setting gap: '172800000ms' is not a duration of 1s to 1d"],
    [{ shards: 0 }, "setting shards: '0' is not a whole number from 1 to 500"],
    [{ alarmEmail: 'ops' }, "setting alarmEmail: 'ops' is not an e-mail address"],
  ])('the construct refuses %j with the message of the command line', (props, message) => {
    const build = (): Template => stackWith((stack) => new SearchCtr(stack, 'Clicks', props))
    expect(build).toThrow(SettingError)
    expect(build).toThrow(message)
  })

  it('two constructs in a stack have their own metrics and dashboards', () => {
    const template = stackWith((stack) => {
      new SearchCtr(stack, 'Shop')
      new SearchCtr(stack, 'Help')
    })
    const dashboards = resourcesOf(template, 'AWS::CloudWatch::Dashboard').map(
      ({ Properties }) => Properties.DashboardName,
    )
    expect(dashboards.map(referenceText)).toEqual(['Theirs-Shop-AWS::Region', 'Theirs-Help-AWS::Region'])
    const { Variables } = resource(template, 'AWS::Lambda::Function', 'HelpSweep').Properties.Environment
    expect(Variables.PIPELINE_NAME).toBe('Theirs-Help')
  })

  it('the construct exposes the resources that an app uses', () => {
    stackWith((stack) => {
      const stream = new Stream(stack, 'Mine')
      const pipeline = new SearchCtr(stack, 'Clicks', { stream })
      expect(pipeline.stream).toBe(stream)
      expect(pipeline.results.tableName).toMatch(/\w/)
      expect(pipeline.sessions.tableName).toMatch(/\w/)
      expect(pipeline.deadLetters.bucketName).toMatch(/\w/)
      expect(pipeline.sweepFunction.functionName).toMatch(/\w/)
    })
  })
})

describe('the name of a pipeline', () => {
  const nameOf = (add: (stack: Stack) => SearchCtr): string => {
    let name = ''
    stackWith((stack) => {
      name = add(stack).pipelineName
    })
    return name
  }

  it('a pipeline is named after its stack and its path in it', () => {
    expect(nameOf((stack) => new SearchCtr(stack, 'Default'))).toBe('Theirs')
    expect(nameOf((stack) => new SearchCtr(new Construct(stack, 'Shop'), 'Clicks'))).toBe('Theirs-Shop-Clicks')
    expect(nameOf((stack) => new SearchCtr(stack, 'My shop'))).toBe('Theirs-My-shop')
  })
})

describe('an existing stream', () => {
  const template = synthesizedTemplate({ streamArn: STREAM, streamRetention: '2d' })

  it('ingest and the sweep read an existing stream instead of a new one', () => {
    expect(resourcesOf(template, 'AWS::Kinesis::Stream')).toEqual([])
    expect(resource(template, 'AWS::Lambda::EventSourceMapping', 'IngestEvents').Properties.EventSourceArn).toBe(STREAM)
    const { Variables } = resource(template, 'AWS::Lambda::Function', 'Sweep').Properties.Environment
    expect(Variables.STREAM_NAME).toBe('mine')
    expect(template.findOutputs('StreamName').StreamName?.Value).toBe('mine')
  })

  it('only functions that read an existing stream may read it', () => {
    expect(permissionsOf(statementsOf(template, 'SweepRole'))).toContain(`kinesis:ListShards on ${STREAM}`)
    expect(permissionsOf(statementsOf(template, 'FinalizeRole')).join()).not.toContain('kinesis')
  })

  it('Lambda gives records of an existing stream up by its retention', () => {
    const { Properties } = resource(template, 'AWS::Lambda::EventSourceMapping', 'IngestEvents')
    expect(Properties.MaximumRecordAgeInSeconds).toBe(40 * 3600)
  })

  it('an existing stream has to be in the region and account of the key', () => {
    const elsewhere = { kmsKeyArn: KEY, streamArn: 'arn:aws:kinesis:us-east-1:123456789012:stream/mine' }
    const another = { kmsKeyArn: KEY, streamArn: STREAM.replace('123456789012', '999999999999') }
    expect(() => synthesizedTemplate(elsewhere)).toThrow(SettingError)
    expect(() => synthesizedTemplate(another)).toThrow(SettingError)
    expect(() => synthesizedTemplate({ kmsKeyArn: KEY, streamArn: STREAM })).not.toThrow()
  })
})

describe('an on-demand stream', () => {
  it('an on-demand stream has no shard count', () => {
    const { Properties } = resource(synthesizedTemplate({ streamMode: 'on-demand' }), 'AWS::Kinesis::Stream', 'Events')
    expect(Properties.StreamModeDetails).toEqual({ StreamMode: 'ON_DEMAND' })
    expect(Properties).not.toHaveProperty('ShardCount')
  })
})

describe('provisioned tables', () => {
  it('provisioned tables and their index scale to the set units', () => {
    const template = synthesizedTemplate({
      tableBilling: 'provisioned',
      tableWriteUnitsMax: '77',
      tableReadUnitsMax: '33',
    })
    const [sessions, results] = resourcesOf(template, TABLE)
    for (const table of [sessions, results]) {
      expect(table?.Properties.BillingMode).toBe('PROVISIONED')
      expect(table?.Properties.WriteProvisionedThroughputSettings.WriteCapacityAutoScalingSettings.MaxCapacity).toBe(77)
    }
    const [index] = results?.Properties.GlobalSecondaryIndexes ?? []
    expect(index.WriteProvisionedThroughputSettings.WriteCapacityAutoScalingSettings.MaxCapacity).toBe(77)
    const [replica] = results?.Properties.Replicas ?? []
    expect(replica.ReadProvisionedThroughputSettings.ReadCapacityAutoScalingSettings.MaxCapacity).toBe(33)
  })
})

describe('a customer managed key', () => {
  const template = synthesizedTemplate({ kmsKeyArn: KEY })

  it('a customer managed key encrypts the stream, both tables and the bucket', () => {
    expect(resource(template, 'AWS::Kinesis::Stream', 'Events').Properties.StreamEncryption.KeyId).toBe(KEY)
    for (const { Properties } of resourcesOf(template, TABLE)) {
      expect(Properties.SSESpecification).toEqual({ SSEEnabled: true, SSEType: 'KMS' })
      expect(Properties.Replicas[0].SSESpecification).toEqual({ KMSMasterKeyId: KEY })
    }
    const [rule] = resource(template, 'AWS::S3::Bucket', 'DeadLetters').Properties.BucketEncryption
      .ServerSideEncryptionConfiguration
    expect(rule.ServerSideEncryptionByDefault).toEqual({ SSEAlgorithm: 'aws:kms', KMSMasterKeyID: KEY })
  })

  it.each(['Ingest', 'Sweep', 'Finalize'])(
    '%s may use the customer managed key, and only with named actions',
    (name) => {
      const permissions = permissionsOf(statementsOf(template, `${name}Role`))
      for (const action of ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey']) {
        expect(permissions).toContain(`${action} on ${KEY}`)
      }
      expect(permissions.filter((permission) => permission.startsWith('kms:')).join()).not.toContain('*')
    },
  )

  it.each([
    ['Ingest', ['dynamodb', 'kinesis', 's3', 'secretsmanager']],
    ['Sweep', ['dynamodb', 'kinesis']],
    ['Finalize', ['dynamodb', 's3']],
    ['Rollup', ['dynamodb']],
  ])('%s may use the customer managed key only through the services that it calls', (name, services) => {
    const secret = `arn:aws:secretsmanager:${IN}:secret:search/key-AbCdEf`
    const statements = statementsOf(synthesizedTemplate({ kmsKeyArn: KEY, pseudonymKeyArn: secret }), `${name}Role`)
    const ofKey = statements.filter(({ Action }) => [Action].flat().some((action) => String(action).startsWith('kms:')))
    const via = ofKey.map(({ Condition }) => Condition.StringEquals['kms:ViaService'])
    expect(via.map((service) => service['Fn::Join'][1][0]).sort()).toEqual(
      services.map((service) => `${service}.eu-west-1.`),
    )
    for (const service of via) expect(service['Fn::Join'][1].at(-1)).toEqual({ Ref: 'AWS::URLSuffix' })
  })
})

describe('pseudonyms', () => {
  const secret = `arn:aws:secretsmanager:${IN}:secret:search/key-AbCdEf`
  const template = synthesizedTemplate({ pseudonymKeyArn: secret })

  it('only ingest may read the key of pseudonyms', () => {
    const { Variables } = resource(template, 'AWS::Lambda::Function', 'Ingest').Properties.Environment
    expect(Variables.PSEUDONYM_KEY_SECRET).toBe(secret)
    const mayRead = ['Ingest', 'Sweep', 'Finalize'].filter((name) =>
      permissionsOf(statementsOf(template, `${name}Role`)).includes(`secretsmanager:GetSecretValue on ${secret}`),
    )
    expect(mayRead).toEqual(['Ingest'])
  })

  it('ingest has no key of pseudonyms by default', () => {
    const { Variables } = resource(synthesizedTemplate(), 'AWS::Lambda::Function', 'Ingest').Properties.Environment
    expect(Variables).not.toHaveProperty('PSEUDONYM_KEY_SECRET')
  })
})

describe('a trial', () => {
  const template = synthesizedTemplate({ ephemeral: 'true' })

  it('destroying an ephemeral stack deletes its data and logs', () => {
    for (const type of [TABLE, 'AWS::Kinesis::Stream', 'AWS::S3::Bucket', 'AWS::Logs::LogGroup']) {
      const found = resourcesOf(template, type)
      expect(found.length).toBeGreaterThan(0)
      for (const { DeletionPolicy } of found) expect(DeletionPolicy).toBe('Delete')
    }
    for (const { Properties } of resourcesOf(template, TABLE)) {
      expect(Properties.Replicas[0].DeletionProtectionEnabled).not.toBe(true)
    }
    expect(resourcesOf(template, 'Custom::S3AutoDeleteObjects')).toHaveLength(1)
  })
})

describe('the tags', () => {
  it('the stream has the tags of the setting', () => {
    const template = synthesizedTemplate({ tags: 'team=search,env=prod' })
    const tags = resource(template, 'AWS::Kinesis::Stream', 'Events').Properties.Tags
    expect(tags).toEqual(
      expect.arrayContaining([
        { Key: 'team', Value: 'search' },
        { Key: 'env', Value: 'prod' },
      ]),
    )
  })
})

describe('the alarms', () => {
  const mailed = synthesizedTemplate({ alarmEmail: 'ops@example.com', alarmTopicArn: `arn:aws:sns:${IN}:ops` })

  it('alarms have no actions by default', () => {
    for (const { Properties } of resourcesOf(synthesizedTemplate(), 'AWS::CloudWatch::Alarm')) {
      expect(Properties).not.toHaveProperty('AlarmActions')
    }
  })

  it('alarms notify the topic and the e-mail address when they fire and when they end', () => {
    const alarms = resourcesOf(mailed, 'AWS::CloudWatch::Alarm')
    expect(alarms.length).toBeGreaterThan(10)
    for (const { Properties } of alarms) {
      const topics = [`arn:aws:sns:${IN}:ops`, 'AlarmMail']
      expect(Properties.AlarmActions.map(referenceText)).toEqual(topics)
      expect(Properties.OKActions.map(referenceText)).toEqual(topics)
    }
    const [policy] = resourcesOf(mailed, 'AWS::SNS::TopicPolicy')
    expect(policy?.Properties.PolicyDocument.Statement).toContainEqual(
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
      }),
    )
    expect(resourcesOf(mailed, 'AWS::SNS::Subscription')[0]?.Properties).toMatchObject({
      Protocol: 'email',
      Endpoint: 'ops@example.com',
    })
  })
})
