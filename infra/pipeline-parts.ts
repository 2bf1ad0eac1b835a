// Names the parts of a pipeline that the alarms and the dashboard watch.

import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { IStream } from 'aws-cdk-lib/aws-kinesis'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { HOUR_INDEX } from '../functions/contract.ts'
import type { Finalize } from './finalize-function.ts'
import type { Ingest } from './ingest-function.ts'
import type { OwnMetrics, TableOrIndex } from './metrics.ts'
import type { PipelineSettings } from './settings.ts'

export interface PipelineParts {
  readonly settings: PipelineSettings
  readonly own: OwnMetrics
  readonly stream: IStream
  readonly ingester: Ingest
  readonly sweeper: IFunction
  readonly finalizer: Finalize
  /** Null without rollups. */
  readonly roller: IFunction | null
  readonly sessions: TableV2
  readonly results: TableV2
}

export function tablesAndIndexes({ sessions, results }: PipelineParts): TableOrIndex[] {
  return [
    [sessions, null],
    [results, null],
    [results, HOUR_INDEX.name],
  ]
}
