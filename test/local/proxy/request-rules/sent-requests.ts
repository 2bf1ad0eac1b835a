// Sends requests, answers and records to the rules without a proxy, for their tests.

import { PARTITION_KEY, SORT_KEY } from '../../../../functions/contract.ts'
import {
  type CheckedService,
  type RequestRules,
  requestRules,
} from '../../../../local/proxy/request-rules/request-rules.ts'
import type { TableSpec } from '../../../../local/template/pipeline-spec.ts'

export const TABLE: TableSpec = {
  name: 'Table',
  keySchema: [
    { AttributeName: PARTITION_KEY, KeyType: 'HASH' },
    { AttributeName: SORT_KEY, KeyType: 'RANGE' },
  ],
  attributes: [],
  indexes: [
    {
      IndexName: 'by_hour',
      KeySchema: [
        { AttributeName: 'hour_slice', KeyType: 'HASH' },
        { AttributeName: 'slice_key', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
  streamView: null,
  ttlAttribute: null,
}

export function rulesOf(tables: readonly TableSpec[] = [TABLE]): RequestRules {
  return requestRules({ functions: [], tables, titles: new Map() })
}

/** Returns the name of the rule that the request breaks, or null. */
export function brokenBy(service: CheckedService, operation: string, body: object): string | null {
  const sent = Buffer.from(JSON.stringify(body))
  const call = { caller: '', operation, body: sent, json: () => ({ ...body }) }
  return ruleIn(rulesOf().refusal(service, call)?.body ?? null)
}

/** Returns the name of the rule that the answer breaks, or null. */
export function brokenByAnswer(service: CheckedService, operation: string, answer: object): string | null {
  const rules = rulesOf()
  rules.answered(service, { caller: '', operation, body: Buffer.alloc(0), json: () => ({}) }, { ...answer })
  return violationOf(rules)
}

/** Returns the name of the rule that the event of an invocation breaks, or null. */
export async function brokenByEvent(event: unknown): Promise<string | null> {
  const rules = rulesOf()
  const invoked = rules.checkedDelivery('Ingest', { invoke: async () => null, stop: async () => {} })
  await invoked.invoke(event).catch(() => {})
  return violationOf(rules)
}

export function violationOf(rules: RequestRules): string | null {
  try {
    rules.failIfViolated()
    return null
  } catch (error) {
    return ruleIn((error as Error).message)
  }
}

function ruleIn(text: string | null): string | null {
  return /breaks the rule (?<rule>\S+) of AWS/.exec(text ?? '')?.groups?.rule ?? null
}
