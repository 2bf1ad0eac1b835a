// A schedule: a function and how often it runs in, the rule that invokes it, and nothing that tries again, out.

import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Duration, Validations } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'

export interface ScheduleProps {
  readonly everyMs: number
  readonly description: string
}

/** Of a function that is run by a schedule, why it has no dead-letter queue of its own. */
export const NEXT_TICK_RETRIES = 'The next tick is the retry, and an alarm tells when there is none.'

export function runBySchedule(scope: Construct, id: string, fn: IFunction, props: ScheduleProps): void {
  // The next tick is the retry.
  fn.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) })
  const schedule = new Rule(scope, id, {
    description: props.description,
    schedule: Schedule.rate(Duration.millis(props.everyMs)),
    targets: [new LambdaFunction(fn, { event: RuleTargetInput.fromObject({ drain: false }), retryAttempts: 0 })],
  })
  Validations.of(fn).acknowledge({
    id: 'Serverless::Serverless-LambdaAsyncFailureDestination',
    reason: 'A tick that failed is made up for by the next one, and an alarm tells when they go on failing.',
  })
  Validations.of(schedule).acknowledge({
    id: 'Serverless::Serverless-EventBusDLQ',
    reason: 'A tick that is lost is made up for by the next one, and an alarm tells when there is none.',
  })
}
