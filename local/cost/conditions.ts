// Evaluates the conditions of the stores' requests on an item, and reads their key conditions.

import type { Item } from '../../functions/aws/runtime/table-items.ts'

/** The parts of a request that name attributes and values. */
export interface Expression {
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined
  readonly ExpressionAttributeValues?: Item | undefined
}

const COMPARISON = /^(\S+) (=|<|<=) (:\w+)$/
const ABSENT = /^attribute_not_exists\(([^)]+)\)$/

/**
 * Takes comparisons and `attribute_not_exists`, joined by AND or by OR. Throws for any other
 * condition.
 *
 * @param stored undefined where no item is stored.
 */
export function isMet(condition: string | undefined, expression: Expression, stored: Item | undefined): boolean {
  if (condition === undefined) return true
  if (/[()].*[()].*\bAND\b.*\bOR\b|\bAND\b.*\bOR\b/.test(condition)) throw unknownCondition(condition)
  return condition
    .split(' OR ')
    .some((all) => all.split(' AND ').every((term) => isTermMet(term, condition, expression, stored ?? {})))
}

function isTermMet(term: string, condition: string, expression: Expression, stored: Item): boolean {
  const [, absent] = ABSENT.exec(term) ?? []
  if (absent !== undefined) return stored[nameOf(absent, expression)] === undefined
  const [, name, operator, placeholder] = COMPARISON.exec(term) ?? []
  if (name === undefined || placeholder === undefined) throw unknownCondition(condition)
  const value = stored[nameOf(name, expression)] as string | number | undefined
  const other = expression.ExpressionAttributeValues?.[placeholder] as string | number
  if (value === undefined) return false
  if (operator === '=') return value === other
  return operator === '<' ? value < other : value <= other
}

function unknownCondition(condition: string): Error {
  return new Error(`the counted tables do not know the condition ${condition}`)
}

function nameOf(name: string, { ExpressionAttributeNames: names }: Expression): string {
  return name.startsWith('#') ? (names?.[name] ?? name) : name
}

/** A partition, and the inclusive bounds of the sort key. */
export interface KeyRange {
  readonly partition: string
  readonly from: string
  readonly to: string
}

/** No sort key of the stores has a character after this one. */
const LAST = '\u{10ffff}'
const KEY_CONDITION =
  /^\S+ = (?<pk>:\w+)(?: AND (?:begins_with\(\S+, (?<prefix>:\w+)\)|\S+ BETWEEN (?<from>:\w+) AND (?<to>:\w+)))?$/

/** Throws for a key condition that no store sends. */
export function keyRange(condition: string, { ExpressionAttributeValues: values = {} }: Expression): KeyRange {
  const { pk, prefix, from, to } = KEY_CONDITION.exec(condition)?.groups ?? {}
  if (pk === undefined) throw unknownCondition(condition)
  const text = (placeholder: string): string => String(values[placeholder])
  const partition = text(pk)
  if (prefix !== undefined) return { partition, from: text(prefix), to: text(prefix) + LAST }
  if (from !== undefined && to !== undefined) return { partition, from: text(from), to: text(to) }
  return { partition, from: '', to: LAST }
}
