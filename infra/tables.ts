// The two tables: a scope in, sessions (state, with the due index and a stream) and results (what users query) out.

import {
  AttributeType,
  Billing,
  ProjectionType,
  StreamViewType,
  type TablePropsV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb'
import { RemovalPolicy } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import { DUE_INDEX, EXPIRES_AT, PARTITION_KEY, SORT_KEY } from '../functions/contract.ts'

/** What both tables are: billed by use, restorable to any second, and kept when the stack goes. */
const KEPT: TablePropsV2 = {
  partitionKey: { name: PARTITION_KEY, type: AttributeType.STRING },
  sortKey: { name: SORT_KEY, type: AttributeType.STRING },
  billing: Billing.onDemand(),
  timeToLiveAttribute: EXPIRES_AT,
  pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
  deletionProtection: true,
  removalPolicy: RemovalPolicy.RETAIN,
}

export function sessionsTable(scope: Construct): TableV2 {
  return new TableV2(scope, 'Sessions', {
    ...KEPT,
    // Both images: the finalizer writes the rows of the new one and removes what only the old one had.
    dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
    globalSecondaryIndexes: [
      {
        indexName: DUE_INDEX.name,
        partitionKey: { name: DUE_INDEX.partitionKey, type: AttributeType.STRING },
        sortKey: { name: DUE_INDEX.sortKey, type: AttributeType.NUMBER },
        projectionType: ProjectionType.KEYS_ONLY,
      },
    ],
  })
}

export function resultsTable(scope: Construct): TableV2 {
  return new TableV2(scope, 'Results', KEPT)
}
