// The pipeline as a construct, wired in the data's order: settings in; stream, ingest, sessions, sweep, finalize, results and rollup out.

import type { IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IStream } from 'aws-cdk-lib/aws-kinesis'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager'
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import { alarms } from './alarms.ts'
import { dashboard } from './dashboard.ts'
import { deadLetterBucket } from './dead-letters.ts'
import { eventStream } from './event-stream.ts'
import { finalize } from './finalize-function.ts'
import { ingest } from './ingest-function.ts'
import { ownMetrics } from './metrics.ts'
import { rollup } from './rollup-function.ts'
import type { DurationSetting } from './setting-kinds.ts'
import { checkTogether, type PIPELINE_SETTINGS, type PipelineSettings, readPipelineSettings } from './settings.ts'
import { sweep } from './sweep-function.ts'
import { resultsTable, sessionsTable } from './tables.ts'

/** Every setting of a pipeline, checked as those of the command line are. What is absent has its default. */
type SettingProps = {
  readonly [name in keyof PipelineSettings]?: (typeof PIPELINE_SETTINGS)[name] extends DurationSetting
    ? Duration
    : NonNullable<PipelineSettings[name]> | undefined
}

export interface SearchCtrProps extends SettingProps {
  /** Your own stream instead of a new one. `streamRetention` has to say what it keeps. */
  readonly stream?: IStream | undefined
  /** Your own key for what is stored. Its policy has to let this account's roles use it; the stack has to have a region. */
  readonly encryptionKey?: IKey | undefined
  /** Told of alarms. */
  readonly alarmTopic?: ITopic | undefined
  /** A text of 32 characters or more. With it, users are kept under a keyed hash of their id. */
  readonly pseudonymKey?: ISecret | undefined
}

export class SearchCtr extends Construct {
  /** Producers write here. */
  readonly stream: IStream
  /** Open and closed sessions. */
  readonly sessions: TableV2
  /** One row a search, one row a session; one item an hour, a day, and a query of a day. */
  readonly results: TableV2
  /** Refused events and failed batches. */
  readonly deadLetters: Bucket
  readonly ingestFunction: IFunction
  readonly sweepFunction: IFunction
  readonly finalizeFunction: IFunction
  readonly rollupFunction: IFunction
  /** Of its metrics and its dashboard: unique where the stack's name is. */
  readonly pipelineName: string

  /** Throws SettingError for a setting that cannot be. */
  constructor(scope: Construct, id: string, props: SearchCtrProps = {}) {
    super(scope, id)
    const settings = readPipelineSettings(textsOf(props))
    checkTogether(settings)
    const removalPolicy = settings.ephemeral ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN
    const key = props.encryptionKey
    const tableSettings = { settings, key, removalPolicy }
    this.pipelineName = pipelineNameOf(this)
    const common = { settings, pipelineName: this.pipelineName }

    this.stream = props.stream ?? eventStream(this, settings, key, removalPolicy)
    this.deadLetters = deadLetterBucket(this, settings, key, removalPolicy)
    this.sessions = sessionsTable(this, tableSettings)
    this.results = resultsTable(this, tableSettings)
    const { stream, sessions, results, deadLetters } = this
    const ingester = ingest(this, { ...common, stream, sessions, deadLetters, pseudonymKey: props.pseudonymKey })
    const sweeper = sweep(this, { ...common, stream, sessions })
    const finalizer = finalize(this, { ...common, sessions, results, deadLetters })
    this.ingestFunction = ingester.fn
    this.sweepFunction = sweeper
    this.finalizeFunction = finalizer.fn
    const roller = rollup(this, { ...common, results })
    this.rollupFunction = roller

    const own = ownMetrics(this.pipelineName)
    const parts = { settings, own, stream, ingester, sweeper, finalizer, roller, sessions, results }
    // Dashboards are of an account, whatever region they are made in.
    const dashboardName = `${this.pipelineName}-${Stack.of(this).region}`
    dashboard(this, dashboardName, parts, alarms(this, parts, alarmActions(this, settings, props.alarmTopic)))
  }
}

/** As they would be typed on the command line, so that there is one check. */
function textsOf(props: SettingProps): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(props).map(([name, value]) => [
      name,
      value instanceof Duration ? `${value.toMilliseconds()}ms` : value,
    ]),
  )
}

/** The stack's, and the way to the construct in it; `Default`, a stack's only pipeline, adds nothing. */
function pipelineNameOf(construct: Construct): string {
  const stack = Stack.of(construct)
  const ids = construct.node.scopes.slice(stack.node.scopes.length).map(({ node }) => node.id)
  const name = [stack.stackName, ...ids.filter((id) => id !== 'Default')].join('-')
  return name.replace(/[^\w-]/g, '-')
}

function alarmActions(scope: Construct, settings: PipelineSettings, topic: ITopic | undefined): IAlarmAction[] {
  const actions = topic === undefined ? [] : [new SnsAction(topic)]
  if (settings.alarmEmail === null) return actions
  const mailed = new Topic(scope, 'AlarmMail', { enforceSSL: true })
  // A topic with a policy has lost the one that lets its own account's alarms in.
  mailed.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [mailed.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
  )
  mailed.addSubscription(new EmailSubscription(settings.alarmEmail))
  Validations.of(mailed).acknowledge({
    id: 'Serverless::Serverless-SNSRedrivePolicy',
    reason: 'An alarm that no mail could tell is still on the dashboard.',
  })
  return [...actions, new SnsAction(mailed)]
}
