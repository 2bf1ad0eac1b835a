// Creates the sessions table with its stream, and the results table with its index by hour.

import {
  AttributeType,
  Billing,
  Capacity,
  ProjectionType,
  StreamViewType,
  TableEncryptionV2,
  type TablePropsV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { RemovalPolicy } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import { EXPIRES_AT, HOUR_INDEX, PARTITION_KEY, SORT_KEY } from '../functions/contract.ts'
import type { Permission } from './pipeline-function.ts'
import type { PipelineSettings } from './settings.ts'

export interface TableSettings {
  readonly settings: PipelineSettings
  readonly key: IKey | undefined
  readonly removalPolicy: RemovalPolicy
}

/** The capacity of a table right after its billing changes to provisioned. */
const SEED_UNITS = 5

/** Both tables can be restored to any second. They outlive the stack unless it is ephemeral. */
function tableProps({ settings, key, removalPolicy }: TableSettings): TablePropsV2 {
  const { tableBilling, tableReadUnitsMax, tableWriteUnitsMax } = settings
  return {
    partitionKey: { name: PARTITION_KEY, type: AttributeType.STRING },
    sortKey: { name: SORT_KEY, type: AttributeType.STRING },
    billing:
      tableBilling === 'on-demand'
        ? Billing.onDemand()
        : Billing.provisioned({
            readCapacity: Capacity.autoscaled({ maxCapacity: tableReadUnitsMax, seedCapacity: SEED_UNITS }),
            writeCapacity: Capacity.autoscaled({ maxCapacity: tableWriteUnitsMax, seedCapacity: SEED_UNITS }),
          }),
    ...(key !== undefined && { encryption: TableEncryptionV2.customerManagedKey(key) }),
    timeToLiveAttribute: EXPIRES_AT,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
    removalPolicy,
  }
}

export function sessionsTable(scope: Construct, settings: TableSettings): TableV2 {
  return new TableV2(scope, 'Sessions', {
    ...tableProps(settings),
    // Finalize writes the rows of the new image and removes the rows that only the old one had.
    dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
  })
}

export function resultsTable(scope: Construct, settings: TableSettings): TableV2 {
  return new TableV2(scope, 'Results', {
    ...tableProps(settings),
    globalSecondaryIndexes: [
      {
        indexName: HOUR_INDEX.name,
        partitionKey: { name: HOUR_INDEX.partitionKey, type: AttributeType.STRING },
        sortKey: { name: HOUR_INDEX.sortKey, type: AttributeType.STRING },
        projectionType: ProjectionType.INCLUDE,
        nonKeyAttributes: [...HOUR_INDEX.attributes],
      },
    ],
  })
}

export function tableStreamArn(table: TableV2): string {
  if (table.tableStreamArn === undefined) throw new Error(`the table ${table.node.id} has no stream`)
  return table.tableStreamArn
}

/**
 * The permissions to read and write a table under a customer managed key. DynamoDB uses the key
 * with the rights of the caller.
 */
export function useTableKey({ encryptionKey }: TableV2): Permission[] {
  if (encryptionKey === undefined) return []
  const actions = ['Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey', 'ReEncryptFrom', 'ReEncryptTo']
  const resources = [encryptionKey.keyArn]
  return [{ actions: actions.map((action) => `kms:${action}`), resources, viaService: 'dynamodb' }]
}

/** The permissions for the statements of write batches. */
export function writeInBatches(
  { writes }: PipelineSettings,
  { tableArn }: TableV2,
  statements: readonly ('Insert' | 'Update')[],
): Permission[] {
  if (writes === 'single') return []
  return [{ actions: statements.map((kind) => `dynamodb:PartiQL${kind}`), resources: [tableArn] }]
}
