// Defines the pipeline as a CDK construct, from the stream of events to alarms and dashboard.

import type { IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { IStream } from 'aws-cdk-lib/aws-kinesis'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager'
import type { ITopic } from 'aws-cdk-lib/aws-sns'
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import { alarmMailTopic } from './alarm-mail.ts'
import { alarms } from './alarms.ts'
import { dashboard } from './dashboard.ts'
import { deadLetterBucket } from './dead-letters.ts'
import { eventStream } from './event-stream.ts'
import { finalize } from './finalize-function.ts'
import { ingest } from './ingest-function.ts'
import { ownMetrics } from './metrics.ts'
import { checkTogether, readPipelineSettings } from './read-settings.ts'
import { rollup } from './rollup-function.ts'
import type { DurationSetting } from './setting-kinds.ts'
import type { PIPELINE_SETTINGS, PipelineSettings } from './settings.ts'
import { sweep } from './sweep-function.ts'
import { resultsTable, sessionsTable } from './tables.ts'

/** The settings of a pipeline. The construct checks them like those of the command line. */
type SettingProps = {
  readonly [name in keyof PipelineSettings]?: (typeof PIPELINE_SETTINGS)[name] extends DurationSetting
    ? Duration
    : NonNullable<PipelineSettings[name]> | undefined
}

export interface SearchCtrProps extends SettingProps {
  /** Your own stream instead of a new one. Set `streamRetention` to its retention. */
  readonly stream?: IStream | undefined
  /**
   * Your own key for the stream, the tables and the bucket. Its policy has to let this account's
   * roles use it, and the stack has to have a region.
   */
  readonly encryptionKey?: IKey | undefined
  /** Receives the alarms. */
  readonly alarmTopic?: ITopic | undefined
  /**
   * A secret of 32 characters or more. With it, the tables store users by a keyed hash of their
   * ids.
   */
  readonly pseudonymKey?: ISecret | undefined
}

export class SearchCtr extends Construct {
  /** Producers write here. */
  readonly stream: IStream
  /** Holds open and closed sessions. */
  readonly sessions: TableV2
  /** Holds a row for each search and session, and the sums of hours, days and queries. */
  readonly results: TableV2
  /** Holds rejected events and failed batches. */
  readonly deadLetters: Bucket
  readonly ingestFunction: IFunction
  readonly sweepFunction: IFunction
  readonly finalizeFunction: IFunction
  /** Null with `rollups: off`. */
  readonly rollupFunction: IFunction | null
  /** Names the metrics and the dashboard. It is as unique as the stack's name. */
  readonly pipelineName: string

  /** Throws `SettingError` for an invalid setting. */
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
    const roller = settings.rollups === 'on' ? rollup(this, { ...common, results }) : null
    this.rollupFunction = roller

    const own = ownMetrics(this.pipelineName)
    const parts = { settings, own, stream, ingester, sweeper, finalizer, roller, sessions, results }
    // The regions of an account share their dashboards, so the name contains the region.
    const dashboardName = `${this.pipelineName}-${Stack.of(this).region}`
    dashboard(this, dashboardName, parts, alarms(this, parts, alarmActions(this, settings, props)))
  }
}

/** Writes the settings as on the command line, so that one check serves both. */
function textsOf(props: SettingProps): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(props).map(([name, value]) => [
      name,
      value instanceof Duration ? `${value.toMilliseconds()}ms` : value,
    ]),
  )
}

/**
 * Joins the stack's name and the ids that lead to the construct. `Default` adds nothing: it is the
 * id of a stack's only pipeline.
 */
function pipelineNameOf(construct: Construct): string {
  const stack = Stack.of(construct)
  const ids = construct.node.scopes.slice(stack.node.scopes.length).map(({ node }) => node.id)
  const name = [stack.stackName, ...ids.filter((id) => id !== 'Default')].join('-')
  return name.replace(/[^\w-]/g, '-')
}

function alarmActions(
  scope: Construct,
  { alarmEmail }: PipelineSettings,
  { alarmTopic, encryptionKey }: SearchCtrProps,
): IAlarmAction[] {
  const given = alarmTopic === undefined ? [] : [new SnsAction(alarmTopic)]
  const mailed = alarmEmail === null ? [] : [new SnsAction(alarmMailTopic(scope, alarmEmail, encryptionKey))]
  return [...given, ...mailed]
}
