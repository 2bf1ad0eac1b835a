// Invokes a function at a fixed rate and never retries a failed run.

import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Duration, Validations } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'

export interface ScheduleProps {
  readonly everyMs: number
  readonly description: string
  /** How many invocations share the work each time. */
  readonly runs: number
}

/** EventBridge takes no more targets in one rule. */
const TARGETS_MAX = 5

export const NEXT_RUN_RETRIES = 'The next scheduled run is the retry. An alarm fires when there is none.'

export function runBySchedule(scope: Construct, id: string, fn: IFunction, props: ScheduleProps): void {
  fn.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) })
  const targets = Array.from({ length: props.runs }, (_, number) => {
    // A single run has no share, and so does all of the work.
    const input = { drain: false, ...(props.runs > 1 && { share: { number, of: props.runs } }) }
    return new LambdaFunction(fn, { event: RuleTargetInput.fromObject(input), retryAttempts: 0 })
  })
  for (let start = 0; start < targets.length; start += TARGETS_MAX) {
    const schedule = new Rule(scope, start === 0 ? id : `${id}${start / TARGETS_MAX + 1}`, {
      description: props.description,
      schedule: Schedule.rate(Duration.millis(props.everyMs)),
      targets: targets.slice(start, start + TARGETS_MAX),
    })
    Validations.of(schedule).acknowledge({
      id: 'Serverless::Serverless-EventBusDLQ',
      reason: NEXT_RUN_RETRIES,
    })
  }
  Validations.of(fn).acknowledge({
    id: 'Serverless::Serverless-LambdaAsyncFailureDestination',
    reason: 'The next scheduled run repeats the work. An alarm fires when runs fail again and again.',
  })
}
