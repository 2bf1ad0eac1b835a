// Invokes a function at a fixed rate and never retries a failed run.

import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Duration, Validations } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'

export interface ScheduleProps {
  readonly everyMs: number
  readonly description: string
}

export const NEXT_RUN_RETRIES = 'The next scheduled run is the retry. An alarm fires when there is none.'

export function runBySchedule(scope: Construct, id: string, fn: IFunction, props: ScheduleProps): void {
  fn.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) })
  const schedule = new Rule(scope, id, {
    description: props.description,
    schedule: Schedule.rate(Duration.millis(props.everyMs)),
    targets: [new LambdaFunction(fn, { event: RuleTargetInput.fromObject({ drain: false }), retryAttempts: 0 })],
  })
  Validations.of(fn).acknowledge({
    id: 'Serverless::Serverless-LambdaAsyncFailureDestination',
    reason: 'The next scheduled run repeats the work. An alarm fires when runs fail again and again.',
  })
  Validations.of(schedule).acknowledge({
    id: 'Serverless::Serverless-EventBusDLQ',
    reason: NEXT_RUN_RETRIES,
  })
}
