// Creates the finalize function, which the stream of the sessions table invokes.

import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import {
  EventSourceMapping,
  FilterCriteria,
  FilterRule,
  type IFunction,
  MetricType,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import { Duration } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import { CLOSED, KIND, TOMBSTONE } from '../functions/contract.ts'
import { retryOptions, storeFailedBatches } from './dead-letters.ts'
import { FINALIZE_BATCH_SIZE, finalizeEnvironment } from './function-environment.ts'
import { pipelineFunction } from './pipeline-function.ts'
import type { PipelineSettings } from './settings.ts'
import { tableStreamArn, useTableKey, writeInBatches } from './tables.ts'

export interface FinalizeProps {
  readonly settings: PipelineSettings
  readonly pipelineName: string
  readonly sessions: TableV2
  readonly results: TableV2
  readonly deadLetters: Bucket
}

export interface Finalize {
  readonly fn: IFunction
  readonly mapping: EventSourceMapping
}

export const FINALIZE_TIMEOUT = Duration.seconds(60)

/** DynamoDB retains a table's stream for a day. */
export const TABLE_STREAM_RETENTION = Duration.days(1)

export function finalize(scope: Construct, props: FinalizeProps): Finalize {
  const { settings, pipelineName, sessions, results, deadLetters } = props
  const environment = finalizeEnvironment(settings, {
    pipelineName,
    sessionsTable: sessions.tableName,
    resultsTable: results.tableName,
    deadLetterBucket: deadLetters.bucketName,
  })
  const fn = pipelineFunction(scope, 'Finalize', {
    step: 'finalize',
    environment,
    timeout: FINALIZE_TIMEOUT,
    memoryMb: settings.finalizeMemoryMb,
    permissions: [
      {
        actions: [
          'dynamodb:DescribeStream',
          'dynamodb:GetRecords',
          'dynamodb:GetShardIterator',
          'dynamodb:ListStreams',
        ],
        resources: [tableStreamArn(sessions)],
      },
      { actions: ['dynamodb:GetItem'], resources: [sessions.tableArn] },
      { actions: ['dynamodb:PutItem'], resources: [results.tableArn] },
      ...writeInBatches(settings, results, ['Insert']),
      ...useTableKey(results),
      ...storeFailedBatches(deadLetters),
    ],
    deadLetterReason: 'The event source mapping stores failed batches in the dead-letter bucket.',
  })
  const mapping = new EventSourceMapping(scope, 'FinalizeClosed', {
    target: fn,
    eventSourceArn: tableStreamArn(sessions),
    startingPosition: StartingPosition.TRIM_HORIZON,
    batchSize: FINALIZE_BATCH_SIZE,
    // Lambda keeps the order of one item's changes, and finalize needs no order between items.
    parallelizationFactor: settings.finalizers,
    // Most writes to the table append events. Only closed sessions and tombstones invoke finalize.
    filters: [
      FilterCriteria.filter({
        eventName: FilterRule.or('INSERT', 'MODIFY'),
        dynamodb: { NewImage: { [KIND]: { S: FilterRule.or(CLOSED, TOMBSTONE) } } },
      }),
    ],
    metricsConfig: { metrics: [MetricType.EVENT_COUNT] },
    ...retryOptions(TABLE_STREAM_RETENTION.toMilliseconds(), deadLetters),
  })
  return { fn, mapping }
}
