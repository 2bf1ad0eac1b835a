// Defines an alarm by the metric that it watches.

import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch'
import { Duration } from 'aws-cdk-lib/core'

export interface AlarmDefinition {
  /** The name is also the heading of the alarm's entry in docs/operations.md. */
  readonly name: string
  readonly description: string
  readonly metric: IMetric
  /** The alarm fires when the metric is above this number. */
  readonly above: number
  /** The metric has to be above it in this many consecutive periods. */
  readonly periods: number
}

export const FIVE_MINUTES = Duration.minutes(5)
