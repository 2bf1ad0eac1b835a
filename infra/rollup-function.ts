// Creates the rollup function, which a schedule invokes.

import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Duration } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import { HOUR_INDEX } from '../functions/contract.ts'
import { rollupEnvironment } from './function-environment.ts'
import { pipelineFunction } from './pipeline-function.ts'
import { NEXT_RUN_RETRIES, runBySchedule } from './run-by-schedule.ts'
import type { PipelineSettings } from './settings.ts'
import { useTableKey } from './tables.ts'

export interface RollupProps {
  readonly settings: PipelineSettings
  readonly pipelineName: string
  readonly results: TableV2
}

/** One run ends this long before the next one begins. */
const BETWEEN_RUNS_MS = 5000
const TIMEOUT_MS_MAX = Duration.minutes(14).toMilliseconds()

export function rollup(scope: Construct, { settings, pipelineName, results }: RollupProps): IFunction {
  const environment = rollupEnvironment(settings, { pipelineName, resultsTable: results.tableName })
  const fn = pipelineFunction(scope, 'Rollup', {
    step: 'rollup',
    environment,
    timeout: Duration.millis(Math.min(settings.rollupEvery - BETWEEN_RUNS_MS, TIMEOUT_MS_MAX)),
    memoryMb: settings.rollupMemoryMb,
    permissions: [
      { actions: ['dynamodb:Query'], resources: [`${results.tableArn}/index/${HOUR_INDEX.name}`] },
      {
        actions: ['GetItem', 'Query', 'PutItem', 'DeleteItem', 'ConditionCheckItem'].map((name) => `dynamodb:${name}`),
        resources: [results.tableArn],
      },
      ...useTableKey(results),
    ],
    deadLetterReason: NEXT_RUN_RETRIES,
  })
  runBySchedule(scope, 'RollupSchedule', fn, {
    everyMs: settings.rollupEvery,
    description: 'Sums the hours and days whose results changed',
    runs: settings.rollupRuns,
  })
  return fn
}
