// Creates the pipeline's CloudWatch alarms; docs/operations.md explains each one.

import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  type IAlarmAction,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Duration } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import type { AlarmDefinition } from './alarm-definition.ts'
import { dataAlarms } from './data-alarms.ts'
import { functionAlarms } from './function-alarms.ts'
import type { PipelineParts } from './pipeline-parts.ts'

interface Schedule {
  readonly name: string
  readonly description: string
  readonly fn: IFunction
  readonly everyMs: number
  /** How many invocations the schedule makes at each time, each with its share of the work. */
  readonly runs: number
}

/** @param actions run when an alarm fires and when it ends. */
export function alarms(scope: Construct, parts: PipelineParts, actions: readonly IAlarmAction[]): Alarm[] {
  const { settings, sweeper, roller } = parts
  const definitions = [...dataAlarms(parts), ...functionAlarms(parts)]
  const schedules: readonly Schedule[] = [
    {
      name: 'SweepMissing',
      description: 'The sweep does not run, so no session closes.',
      fn: sweeper,
      everyMs: settings.sweepEvery,
      runs: settings.sweepers,
    },
    ...(roller === null
      ? []
      : [
          {
            name: 'RollupMissing',
            description: 'The rollup does not run, so hours and days have no new sums.',
            fn: roller,
            everyMs: settings.rollupEvery,
            runs: settings.rollupRuns,
          },
        ]),
  ]
  return [
    ...definitions.map((definition) => create(scope, definition, whenAbove(definition), actions)),
    ...schedules.map((schedule) => create(scope, schedule, whenMissing(schedule), actions)),
  ]
}

function create(
  scope: Construct,
  { name, description }: { readonly name: string; readonly description: string },
  condition: AlarmProps,
  actions: readonly IAlarmAction[],
): Alarm {
  const alarmDescription = `${description} See docs/operations.md, ${name}.`
  const alarm = new Alarm(scope, name, { ...condition, alarmDescription })
  if (actions.length > 0) {
    alarm.addAlarmAction(...actions)
    alarm.addOkAction(...actions)
  }
  return alarm
}

function whenAbove({ metric, above, periods }: AlarmDefinition): AlarmProps {
  return {
    metric,
    threshold: above,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: periods,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  }
}

/** CloudWatch has no data while nothing invokes the function, so missing data breaches. */
function whenMissing({ fn, everyMs, runs }: Schedule): AlarmProps {
  return {
    metric: fn.metricInvocations({ period: Duration.millis(everyMs) }),
    threshold: runs,
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    evaluationPeriods: 3,
    treatMissingData: TreatMissingData.BREACHING,
  }
}
