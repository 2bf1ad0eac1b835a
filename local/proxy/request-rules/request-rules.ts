// Fails a run at the first request, answer or record that AWS would not take or give.

import { UserError } from '../../../terminal/user-error.ts'
import type { FunctionProcess } from '../../lambda/function-process.ts'
import type { PipelineSpec } from '../../template/pipeline-spec.ts'
import { accessKeyId } from '../enforced-roles.ts'
import { type Call, type Refusal, refusalOf } from '../proxy.ts'
import { DYNAMO_ANSWER_RULES } from './answer-rules.ts'
import { BATCH_RULES } from './batch-rules.ts'
import { type Body, readRequest } from './dynamo-request.ts'
import { EVENT_RULES } from './event-rules.ts'
import { EXPRESSION_RULES } from './expression-rules.ts'
import { KEY_RULES } from './key-rules.ts'
import { KINESIS_ANSWER_RULES, KINESIS_REQUEST_RULES } from './kinesis-rules.ts'
import { firstViolation, type Violation } from './rule.ts'
import { knownTables } from './table-keys.ts'
import { VALUE_RULES } from './value-rules.ts'

export type CheckedService = 'dynamodb' | 'kinesis'

export type CheckedCall = Pick<Call, 'caller' | 'operation' | 'body' | 'json'>

export interface RequestRules {
  /** Returns the answer to a request that AWS would refuse, or null. */
  refusal(service: CheckedService, call: CheckedCall): Refusal | null
  /** Checks the answer to a request that passed. */
  answered(service: CheckedService, call: CheckedCall, answer: Body): void
  /** Rejects with a UserError at the first violation, and never resolves. */
  readonly violated: Promise<never>
  /** Throws the UserError of the first violation. */
  failIfViolated(): void
  /** Makes a function fail after a violation. */
  checkedOn(invoked: FunctionProcess): FunctionProcess
  /**
   * Makes a poller fail at a record that AWS would not hand over. A redrive sends records of its
   * own, so the Lambda endpoint does not check them.
   */
  checkedDelivery(functionName: string, invoked: FunctionProcess): FunctionProcess
}

export const DYNAMO_REQUEST_RULES = [...BATCH_RULES, ...EXPRESSION_RULES, ...KEY_RULES, ...VALUE_RULES]

/**
 * Knows the keys of the spec's tables, and of those that a checked CreateTable names.
 */
export function requestRules({
  functions,
  tables,
  titles,
}: Pick<PipelineSpec, 'functions' | 'tables' | 'titles'>): RequestRules {
  const callers = new Map(functions.map(({ name }) => [accessKeyId(name), name]))
  const known = knownTables(tables)
  let first: UserError | null = null
  let reject: (reason: UserError) => void = () => {}
  const violated = new Promise<never>((_, rejected) => {
    reject = rejected
  })
  violated.catch(() => {})
  const record = (breaker: string, operation: string, { rule, problem }: Violation): UserError => {
    const error = new UserError(`${breaker} breaks the rule ${rule} of AWS: ${operation}: ${problem}`)
    first ??= error
    reject(first)
    return error
  }
  const failIfViolated = (): void => {
    if (first !== null) throw first
  }
  const titleOf = (name: string): string => titles.get(name) ?? name
  return {
    refusal: (service, { caller, operation, body, json }) => {
      if (service === 'dynamodb' && operation === 'CreateTable') known.created(json())
      const violation =
        service === 'dynamodb'
          ? firstViolation(DYNAMO_REQUEST_RULES, readRequest(operation, json(), body.length, known))
          : firstViolation(KINESIS_REQUEST_RULES, { operation, body: json() })
      if (violation === null) return null
      const { message } = record(titleOf(callers.get(caller) ?? 'the caller'), operation, violation)
      return refusalOf(400, 'ValidationException', message)
    },
    answered: (service, { operation }, answer) => {
      const violation =
        service === 'dynamodb'
          ? firstViolation(DYNAMO_ANSWER_RULES, { operation, answer })
          : firstViolation(KINESIS_ANSWER_RULES, { operation, body: answer })
      if (violation !== null) record('the emulator', operation, violation)
    },
    violated,
    failIfViolated,
    checkedOn: (invoked) => ({
      ...invoked,
      invoke: async (event) => {
        failIfViolated()
        return invoked.invoke(event).finally(failIfViolated)
      },
    }),
    checkedDelivery: (functionName, invoked) => ({
      ...invoked,
      invoke: async (event) => {
        const violation = firstViolation(EVENT_RULES, event)
        if (violation !== null) record('the poller', `invocation of ${titleOf(functionName)}`, violation)
        failIfViolated()
        return invoked.invoke(event)
      },
    }),
  }
}
