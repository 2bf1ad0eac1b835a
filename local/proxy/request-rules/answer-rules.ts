// Checks that the emulator's answers hold no more than DynamoDB's would.

import { type Attributes, attributesBytes } from './attribute-values.ts'
import type { Body } from './dynamo-request.ts'
import { firstProblem, MB, type Rule, sizeProblem } from './rule.ts'
import { itemSizeProblem } from './value-rules.ts'

export interface DynamoAnswer {
  readonly operation: string
  readonly answer: Body
}

const PAGES = new Set(['Query', 'Scan'])

function itemsIn({ Items, Item, Responses }: Body): Attributes[] {
  const responses = Array.isArray(Responses) ? Responses.map(({ Item: one }) => one) : Object.values(Responses ?? {})
  return [Items, Item, responses].flat(2).filter((item) => item !== undefined) as Attributes[]
}

function itemsBytes(answer: Body): number {
  return itemsIn(answer).reduce((sum, item) => sum + attributesBytes(item), 0)
}

/** Query and Scan: "The result set is limited to 1 MB per call." */
export const PAGE_SIZE: Rule<DynamoAnswer> = {
  name: 'page-size',
  problem: ({ operation, answer }) => (PAGES.has(operation) ? sizeProblem(itemsBytes(answer), 'a page', MB) : null),
}

/** BatchGetItem: "The total size of all the items retrieved cannot exceed 16 MB." */
export const ANSWER_SIZE: Rule<DynamoAnswer> = {
  name: 'answer-size',
  problem: ({ operation, answer }) =>
    operation === 'BatchGetItem' ? sizeProblem(itemsBytes(answer), 'the items', 16 * MB) : null,
}

/** As ITEM_SIZE. It also finds an item that an UpdateItem let grow. */
export const STORED_ITEM_SIZE: Rule<DynamoAnswer> = {
  name: 'stored-item-size',
  problem: ({ answer }) => firstProblem(itemsIn(answer), itemSizeProblem),
}

export const DYNAMO_ANSWER_RULES: readonly Rule<DynamoAnswer>[] = [PAGE_SIZE, ANSWER_SIZE, STORED_ITEM_SIZE]
