// Checks how many items a request names, how large it is, and that no item comes twice.

import { type AttributeValue, attributesBytes } from './attribute-values.ts'
import type { DynamoRequest, RequestPart } from './dynamo-request.ts'
import { countProblem, firstProblem, KB, MB, type Rule, sizeProblem } from './rule.ts'
import { readStatement, type SentStatement } from './statement.ts'

const BATCHES = new Set(['BatchGetItem', 'BatchWriteItem', 'BatchExecuteStatement'])
const TRANSACTIONS = new Set(['TransactWriteItems', 'TransactGetItems'])

function ofOperation(name: string, operation: string, problem: (request: DynamoRequest) => string | null) {
  return {
    name,
    problem: (request) => (request.operation === operation ? problem(request) : null),
  } satisfies Rule<DynamoRequest>
}

function itemsOf({ parts }: DynamoRequest): RequestPart[] {
  return parts.filter(({ item, key }) => item !== null || key !== null)
}

/** BatchGetItem: up to 100 items. */
export const BATCH_GET_KEYS = ofOperation('batch-get-keys', 'BatchGetItem', (request) => {
  return countProblem(itemsOf(request).length, 'keys', 100)
})

/** BatchWriteItem: up to 25 put or delete requests. */
export const BATCH_WRITE_ITEMS = ofOperation('batch-write-items', 'BatchWriteItem', (request) => {
  return countProblem(itemsOf(request).length, 'writes', 25)
})

/** "Constraints in Amazon DynamoDB", transactions: 100 unique items. */
export const TRANSACTION_ITEMS: Rule<DynamoRequest> = {
  name: 'transaction-items',
  problem: ({ operation, parts }) =>
    TRANSACTIONS.has(operation) ? countProblem(parts.length, 'items of a transaction', 100) : null,
}

/** "Constraints in Amazon DynamoDB", transactions: 4 MB of data. */
export const TRANSACTION_SIZE = ofOperation('transaction-size', 'TransactWriteItems', ({ parts }) => {
  const bytes = parts.reduce((sum, { item, values }) => sum + attributesBytes({ ...item, ...values }), 0)
  return sizeProblem(bytes, 'a transaction', 4 * MB)
})

/** BatchExecuteStatement: 25 statements. */
export const STATEMENTS = ofOperation('statements', 'BatchExecuteStatement', ({ body }) => {
  return countProblem(statementsIn(body.Statements).length, 'statements', 25)
})

/** BatchExecuteStatement: a statement has up to 8,192 characters. */
export const STATEMENT_LENGTH = ofOperation('statement-length', 'BatchExecuteStatement', ({ body }) => {
  return firstProblem(statementsIn(body.Statements), (text) => sizeProblem(text.length, 'a statement', 8 * KB))
})

/**
 * No rule of AWS: the other rules would pass everything of a statement that the check cannot read.
 */
export const STATEMENT_READ = ofOperation('statement-read', 'BatchExecuteStatement', ({ body }) => {
  return firstProblem((body.Statements ?? []) as SentStatement[], (sent) =>
    readStatement(sent) === null ? 'the check cannot read a statement' : null,
  )
})

/** ExecuteTransaction: 100 statements. */
export const TRANSACTION_STATEMENTS = ofOperation('transaction-statements', 'ExecuteTransaction', ({ body }) => {
  return countProblem(statementsIn(body.TransactStatements).length, 'statements', 100)
})

/** BatchExecuteStatement and ExecuteTransaction: either all statements read or all write. */
export const STATEMENTS_MIXED: Rule<DynamoRequest> = {
  name: 'statements-mixed',
  problem: ({ body }) => {
    const statements = statementsIn(body.Statements ?? body.TransactStatements)
    const reads = statements.filter((text) => /^\s*(SELECT|EXISTS)\b/i.test(text)).length
    return reads === 0 || reads === statements.length ? null : `${reads} of ${statements.length} statements read`
  },
}

function statementsIn(statements: unknown): string[] {
  return ((statements ?? []) as { readonly Statement: string }[]).map(({ Statement }) => Statement)
}

/** Batches and transactions: no item of a table twice. */
export const ITEM_TWICE: Rule<DynamoRequest> = {
  name: 'item-twice',
  problem: (request) => {
    if (!BATCHES.has(request.operation) && !TRANSACTIONS.has(request.operation)) return null
    const identities = itemsOf(request).map(identity)
    const twice = identities.length - new Set(identities).size
    return twice === 0 ? null : `${twice} of ${identities.length} items come a second time`
  },
}

function identity({ table, keys, item, key }: RequestPart): string {
  const attributes = key ?? item ?? {}
  const { partition = '', sort = null } = keys?.table ?? {}
  const held = (name: string | null): AttributeValue | null => (name === null ? null : (attributes[name] ?? null))
  return JSON.stringify([table, held(partition), held(sort)])
}

/** BatchWriteItem: a request of more than 16 MB is refused. */
export const REQUEST_SIZE: Rule<DynamoRequest> = {
  name: 'request-size',
  problem: ({ bytes }) => sizeProblem(bytes, 'a request', 16 * MB),
}

export const BATCH_RULES: readonly Rule<DynamoRequest>[] = [
  BATCH_GET_KEYS,
  BATCH_WRITE_ITEMS,
  TRANSACTION_ITEMS,
  TRANSACTION_SIZE,
  STATEMENTS,
  STATEMENT_LENGTH,
  TRANSACTION_STATEMENTS,
  STATEMENTS_MIXED,
  STATEMENT_READ,
  ITEM_TWICE,
  REQUEST_SIZE,
]
