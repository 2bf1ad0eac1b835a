// Creates the sweep function, which a schedule invokes.

import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { IStream } from 'aws-cdk-lib/aws-kinesis'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { Duration } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import { recordAgeMsMax } from './dead-letters.ts'
import { readShards } from './event-stream.ts'
import { sweepEnvironment } from './function-environment.ts'
import { pipelineFunction } from './pipeline-function.ts'
import { NEXT_RUN_RETRIES, runBySchedule } from './run-by-schedule.ts'
import type { PipelineSettings } from './settings.ts'
import { useTableKey, writeInBatches } from './tables.ts'

export interface SweepProps {
  readonly settings: PipelineSettings
  readonly pipelineName: string
  readonly stream: IStream
  readonly sessions: TableV2
}

/** Lambda may begin a last retry just before the age that ends them. This is time to finish it. */
const LAST_TRY_MS = Duration.minutes(15).toMilliseconds()

/**
 * Shorter than the shortest `sweepEvery`. So two sweeps overlap only if one begins late, or beside
 * a drain.
 */
export const SWEEP_TIMEOUT = Duration.seconds(55)

export function sweep(scope: Construct, { settings, pipelineName, stream, sessions }: SweepProps): IFunction {
  const names = { pipelineName, sessionsTable: sessions.tableName, stream: stream.streamName }
  const environment = sweepEnvironment(settings, names, recordAgeMsMax(settings.streamRetention) + LAST_TRY_MS)
  const fn = pipelineFunction(scope, 'Sweep', {
    step: 'sweep',
    environment,
    timeout: SWEEP_TIMEOUT,
    memoryMb: settings.sweepMemoryMb,
    permissions: [
      ...readShards(stream),
      {
        actions: ['Query', 'GetItem', 'BatchGetItem', 'PutItem', 'DeleteItem'].map((action) => `dynamodb:${action}`),
        resources: [sessions.tableArn],
      },
      ...writeInBatches(settings, sessions, ['Insert', 'Update']),
      ...useTableKey(sessions),
    ],
    deadLetterReason: NEXT_RUN_RETRIES,
  })
  runBySchedule(scope, 'SweepSchedule', fn, {
    everyMs: settings.sweepEvery,
    description: 'Closes due sessions',
    runs: settings.sweepers,
  })
  return fn
}
