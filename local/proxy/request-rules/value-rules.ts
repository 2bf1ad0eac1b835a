// Checks the items and values of a request against what DynamoDB can store.

import type { AttributeValue } from './attribute-values.ts'
import { type Attributes, attributesBytes, readNumber } from './attribute-values.ts'
import type { DynamoRequest } from './dynamo-request.ts'
import { firstProblem, KB, type Rule, sizeProblem } from './rule.ts'

const ITEM_BYTES_MAX = 400 * KB
const DEPTH_MAX = 32
const DIGITS_MAX = 38
const EXPONENT_MIN = -130
const EXPONENT_MAX = 125

function ofValues(name: string, problem: (value: AttributeValue, depth: number) => string | null): Rule<DynamoRequest> {
  return {
    name,
    problem: ({ parts }) =>
      firstProblem(parts, ({ nested }) =>
        firstProblem(nested, ({ attribute, value, depth }) => {
          const found = problem(value, depth)
          return found && `${attribute} has ${found}`
        }),
      ),
  }
}

/** "Constraints in Amazon DynamoDB", items: 400 KB with the names of the attributes. */
export const ITEM_SIZE: Rule<DynamoRequest> = {
  name: 'item-size',
  problem: ({ parts }) => firstProblem(parts, ({ item }) => (item === null ? null : itemSizeProblem(item))),
}

export function itemSizeProblem(item: Attributes): string | null {
  return sizeProblem(attributesBytes(item), 'an item', ITEM_BYTES_MAX)
}

/** "Constraints in Amazon DynamoDB", attributes: 32 levels of lists and maps. */
export const NESTING_DEPTH = ofValues('nesting-depth', (_, depth) => {
  return depth <= DEPTH_MAX ? null : `a value at level ${depth}, and ${DEPTH_MAX} are allowed`
})

/** "Constraints in Amazon DynamoDB", numbers: 38 digits, and 1E-130 to 9.9...E+125. */
export const NUMBER_RANGE = ofValues('number-range', ({ N, NS }) => {
  if (N === undefined && NS === undefined) return null
  return firstProblem([N ?? NS].flat() as string[], (text) => {
    const number = readNumber(text)
    if (number === null) return 'a number that cannot be read'
    if (number.digits.length > DIGITS_MAX)
      return `a number of ${number.digits.length} digits, and ${DIGITS_MAX} are allowed`
    const isInRange = number.exponent >= EXPONENT_MIN && number.exponent <= EXPONENT_MAX
    return isInRange ? null : `a number with the exponent ${number.exponent}`
  })
})

/** "Constraints in Amazon DynamoDB", attributes: a set cannot be empty. */
export const SET_EMPTY = ofValues('set-empty', ({ SS, NS, BS }) => {
  const set = (SS ?? NS ?? BS) as readonly string[] | undefined
  return set?.length === 0 ? 'an empty set' : null
})

/** "Supported data types and naming rules", sets: each value within a set is unique. */
export const SET_DUPLICATE = ofValues('set-duplicate', ({ SS, NS, BS }) => {
  if (SS === undefined && NS === undefined && BS === undefined) return null
  const numbers = (NS as string[] | undefined)?.map((text) => JSON.stringify(readNumber(text)))
  const hasDuplicate = [SS, numbers, BS].some((set) => Array.isArray(set) && new Set(set).size < set.length)
  return hasDuplicate ? 'a set with a duplicate' : null
})

export const VALUE_RULES: readonly Rule<DynamoRequest>[] = [
  ITEM_SIZE,
  NESTING_DEPTH,
  NUMBER_RANGE,
  SET_EMPTY,
  SET_DUPLICATE,
]
