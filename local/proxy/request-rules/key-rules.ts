// Checks the values of key attributes, wherever a request has them: items, keys and expressions.

import { type AttributeValue, valueBytes } from './attribute-values.ts'
import type { DynamoRequest, RequestPart } from './dynamo-request.ts'
import { ExpressionSyntaxError } from './expression-tokens.ts'
import { firstProblem, KB, type Rule, sizeProblem } from './rule.ts'
import type { Key } from './table-keys.ts'

const PARTITION_BYTES_MAX = 2 * KB
const SORT_BYTES_MAX = KB

interface KeyValue {
  readonly attribute: string
  readonly value: AttributeValue
  readonly bytesMax: number
}

/** Returns each value that the part gives a key attribute of its table or of an index. */
function keyValues(part: RequestPart): KeyValue[] {
  const limits = bytesMaxByAttribute(part)
  const found: KeyValue[] = []
  const add = (attribute: string, value: AttributeValue | undefined): void => {
    const bytesMax = limits.get(attribute)
    if (bytesMax !== undefined && value !== undefined) found.push({ attribute, value, bytesMax })
  }
  for (const [attribute, value] of Object.entries({ ...part.item, ...part.key })) add(attribute, value)
  for (const { kind, parsed } of part.expressions) {
    if (parsed instanceof ExpressionSyntaxError) continue
    if (kind !== 'KeyConditionExpression' && kind !== 'UpdateExpression') continue
    for (const { attribute, value } of parsed.uses) add(part.names?.[attribute] ?? attribute, part.values?.[value])
  }
  return found
}

function bytesMaxByAttribute({ keys }: RequestPart): ReadonlyMap<string, number> {
  const limits = new Map<string, number>()
  const take = (attribute: string | null, bytesMax: number): void => {
    if (attribute !== null) limits.set(attribute, Math.min(bytesMax, limits.get(attribute) ?? bytesMax))
  }
  const schemas: readonly Key[] = keys === null ? [] : [keys.table, ...keys.indexes.values()]
  for (const { partition, sort } of schemas) {
    take(partition, PARTITION_BYTES_MAX)
    take(sort, SORT_BYTES_MAX)
  }
  return limits
}

function ofKeyValues(name: string, problem: (value: KeyValue) => string | null): Rule<DynamoRequest> {
  return { name, problem: ({ parts }) => firstProblem(parts, (part) => firstProblem(keyValues(part), problem)) }
}

/**
 * No rule of AWS: without the keys of a table, the other rules about keys would pass everything.
 */
export const TABLE_KNOWN: Rule<DynamoRequest> = {
  name: 'table-known',
  problem: ({ parts }) =>
    firstProblem(parts, ({ table, keys }) => (keys === null ? `the check has no keys of table ${table}` : null)),
}

/** "Constraints in Amazon DynamoDB", keys have 1 byte at least; PutItem: no empty key value. */
export const KEY_EMPTY = ofKeyValues('key-empty', ({ attribute, value }) => {
  return value.S === '' || value.B === '' ? `the key attribute ${attribute} has an empty value` : null
})

/** "Constraints in Amazon DynamoDB": 2048 bytes for a partition key, 1024 for a sort key. */
export const KEY_SIZE = ofKeyValues('key-size', ({ attribute, value, bytesMax }) => {
  return sizeProblem(valueBytes(value), `the key attribute ${attribute}`, bytesMax)
})

export const KEY_RULES: readonly Rule<DynamoRequest>[] = [TABLE_KNOWN, KEY_EMPTY, KEY_SIZE]
