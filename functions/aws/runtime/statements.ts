// Writes an item as a statement of PartiQL, which DynamoDB takes in batches under a condition.

import type { AttributeValue, BatchStatementRequest } from '@aws-sdk/client-dynamodb'
import { convertToAttr } from '@aws-sdk/util-dynamodb'
import { PARTITION_KEY, SORT_KEY } from '../../contract.ts'
import type { VersionedItem, WriteCondition } from './item-writer.ts'

/**
 * Returns an UPDATE for the condition `at`, and an INSERT for the others. An INSERT fails where any
 * item is stored, so `newer` may have to be tried again by a condition.
 *
 * An UPDATE cannot replace an item. Each attribute whose value is undefined becomes NULL, and an
 * attribute that the item does not name stays. PartiQL has REMOVE, but documents no statement that
 * sets and removes.
 */
export function toStatement(table: string, item: VersionedItem, condition: WriteCondition): BatchStatementRequest {
  return typeof condition === 'object' ? update(table, item, condition.at) : insert(table, item)
}

function insert(table: string, item: VersionedItem): BatchStatementRequest {
  const stored = Object.entries(item).filter(([, value]) => value !== undefined)
  return {
    Statement: `INSERT INTO "${table}" VALUE {${stored.map(([name]) => `'${name}': ?`).join(', ')}}`,
    Parameters: stored.map(([, value]) => toAttribute(value)),
  }
}

function update(table: string, { [PARTITION_KEY]: pk, [SORT_KEY]: sk, ...rest }: VersionedItem, at: number) {
  const changed = Object.entries(rest)
  const assignments = changed.map(([name]) => `"${name}" = ?`).join(', ')
  return {
    Statement: `UPDATE "${table}" SET ${assignments} WHERE "${PARTITION_KEY}" = ? AND "${SORT_KEY}" = ? AND "version" = ?`,
    Parameters: [...changed.map(([, value]) => value), pk, sk, at].map(toAttribute),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  }
}

function toAttribute(value: unknown): AttributeValue {
  return value === undefined ? { NULL: true } : convertToAttr(value, { removeUndefinedValues: true })
}
