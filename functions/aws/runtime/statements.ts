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
  let pairs = ''
  const values: AttributeValue[] = []
  for (const name of Object.keys(item)) {
    if (item[name] === undefined) continue
    pairs += `${pairs === '' ? '' : ', '}'${name}': ?`
    values.push(toAttribute(item[name]))
  }
  return { Statement: `INSERT INTO "${table}" VALUE {${pairs}}`, Parameters: values }
}

function update(table: string, item: VersionedItem, at: number): BatchStatementRequest {
  let assignments = ''
  const values: AttributeValue[] = []
  for (const name of Object.keys(item)) {
    if (name === PARTITION_KEY || name === SORT_KEY) continue
    assignments += `${assignments === '' ? '' : ', '}"${name}" = ?`
    values.push(toAttribute(item[name]))
  }
  values.push(toAttribute(item[PARTITION_KEY]), toAttribute(item[SORT_KEY]), toAttribute(at))
  return {
    Statement: `UPDATE "${table}" SET ${assignments} WHERE "${PARTITION_KEY}" = ? AND "${SORT_KEY}" = ? AND "version" = ?`,
    Parameters: values,
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  }
}

function toAttribute(value: unknown): AttributeValue {
  return value === undefined ? { NULL: true } : convertToAttr(value, { removeUndefinedValues: true })
}
