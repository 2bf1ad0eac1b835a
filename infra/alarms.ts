// Alarms: the pipeline's troubles in; for each of them one alarm, explained in the runbook, out.

import { Alarm, ComparisonOperator, type IAlarmAction, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Duration } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import { type PipelineParts, troubles } from './alarm-definitions.ts'

export function alarms(scope: Construct, parts: PipelineParts, actions: readonly IAlarmAction[]): Alarm[] {
  const raised = troubles(parts).map(({ name, says, metric, above, periods }) =>
    raise(scope, name, actions, {
      metric,
      alarmDescription: `${says} See docs/operations.md, ${name}.`,
      threshold: above,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    }),
  )
  const { settings, sweeper, roller } = parts
  return [
    ...raised,
    silent(
      scope,
      'SweepMissing',
      'Nothing closes sessions: the sweep does not run.',
      sweeper,
      settings.sweepEvery,
      actions,
    ),
    silent(scope, 'RollupMissing', 'Nothing sums up: the rollup does not run.', roller, settings.rollupEvery, actions),
  ]
}

function raise(
  scope: Construct,
  name: string,
  actions: readonly IAlarmAction[],
  props: ConstructorParameters<typeof Alarm>[2],
): Alarm {
  const alarm = new Alarm(scope, name, props)
  if (actions.length > 0) {
    alarm.addAlarmAction(...actions)
    alarm.addOkAction(...actions)
  }
  return alarm
}

/** Silence is the trouble. */
function silent(
  scope: Construct,
  name: string,
  says: string,
  scheduled: IFunction,
  everyMs: number,
  actions: readonly IAlarmAction[],
): Alarm {
  return raise(scope, name, actions, {
    metric: scheduled.metricInvocations({ period: Duration.millis(everyMs) }),
    alarmDescription: `${says} See docs/operations.md, ${name}.`,
    threshold: 1,
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    evaluationPeriods: 3,
    treatMissingData: TreatMissingData.BREACHING,
  })
}
