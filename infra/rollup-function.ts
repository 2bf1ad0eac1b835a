// Roll up: a schedule and the results table in, a function that sums hours and days and ranks queries out.

import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Duration } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import { type Environment, HOUR_INDEX, ROLLUP_VARIABLES } from '../functions/contract.ts'
import { pipelineFunction } from './pipeline-function.ts'
import { NEXT_TICK_RETRIES, runBySchedule } from './run-by-schedule.ts'
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
    deadLetterReason: NEXT_TICK_RETRIES,
  })
  runBySchedule(scope, 'RollupSchedule', fn, {
    everyMs: settings.rollupEvery,
    description: 'Sums the hours and days of which results changed',
  })
  return fn
}
