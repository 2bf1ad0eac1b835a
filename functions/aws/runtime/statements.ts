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
  const names = Object.keys(item).filter((name) => item[name] !== undefined)
  return {
    Statement: `INSERT INTO "${table}" VALUE {${names.map((name) => `'${name}': ?`).join(', ')}}`,
    Parameters: names.map((name) => toAttribute(item[name])),
  }
}

function update(table: string, item: VersionedItem, at: number): BatchStatementRequest {
  const names = Object.keys(item).filter((name) => name !== PARTITION_KEY && name !== SORT_KEY)
  const assignments = names.map((name) => `"${name}" = ?`).join(', ')
  const values = [...names.map((name) => item[name]), item[PARTITION_KEY], item[SORT_KEY], at]
  return {
    Statement: `UPDATE "${table}" SET ${assignments} WHERE "${PARTITION_KEY}" = ? AND "${SORT_KEY}" = ? AND "version" = ?`,
    Parameters: values.map(toAttribute),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  }
}

function toAttribute(value: unknown): AttributeValue {
  // Most values are texts, and the conversion tries many other types first.
  if (typeof value === 'string') return { S: value }
  return value === undefined ? { NULL: true } : convertToAttr(value, { removeUndefinedValues: true })
}
