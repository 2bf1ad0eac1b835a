// Roll up: a schedule and the results table in, a function that sums hours and days and ranks queries out.

import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Duration, Validations } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import { type Environment, HOUR_INDEX, ROLLUP_VARIABLES } from '../functions/contract.ts'
import { pipelineFunction } from './pipeline-function.ts'
import type { PipelineSettings } from './settings.ts'
import { throughTable } from './tables.ts'

export interface RollupProps {
  readonly settings: PipelineSettings
  readonly pipelineName: string
  readonly results: TableV2
}

/** So that one run ends before the next begins. */
const BETWEEN_RUNS_MS = 5000
/** For the queries of some millions of searches a day, and the sessions that they were asked in. */
const MEMORY_MB = 1024
const TIMEOUT_MS_MAX = Duration.minutes(14).toMilliseconds()

export function rollup(scope: Construct, { settings, pipelineName, results }: RollupProps): IFunction {
  const environment: Environment<typeof ROLLUP_VARIABLES> = {
    [ROLLUP_VARIABLES.pipelineName]: pipelineName,
    [ROLLUP_VARIABLES.resultsTable]: results.tableName,
    [ROLLUP_VARIABLES.rollupRetentionMs]: String(settings.rollupRetention),
    [ROLLUP_VARIABLES.rankEveryMs]: String(settings.rankEvery),
  }
  const fn = pipelineFunction(scope, 'Rollup', {
    step: 'rollup',
    environment,
    timeout: Duration.millis(Math.min(settings.rollupEvery - BETWEEN_RUNS_MS, TIMEOUT_MS_MAX)),
    memoryMb: MEMORY_MB,
    permissions: [
      { actions: ['dynamodb:Query'], resources: [`${results.tableArn}/index/${HOUR_INDEX.name}`] },
      {
        actions: ['GetItem', 'Query', 'PutItem', 'DeleteItem', 'ConditionCheckItem'].map((name) => `dynamodb:${name}`),
        resources: [results.tableArn],
      },
      ...throughTable(results),
    ],
    deadLetterReason: 'The next tick is the retry, and an alarm tells when there is none.',
  })
  // The next tick is the retry.
  fn.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) })
  const schedule = new Rule(scope, 'RollupSchedule', {
    description: 'Sums the hours and days of which results changed',
    schedule: Schedule.rate(Duration.millis(settings.rollupEvery)),
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
  return fn
}
