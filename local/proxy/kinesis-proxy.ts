// Checks the functions' requests to Kinesis in a proxy. It remembers which stream each iterator
// reads, since `GetRecords` names no stream.

import type { LoopbackServer } from '../emulators/loopback-server.ts'
import type { Faults } from './chaos.ts'
import type { EnforcedRoles } from './enforced-roles.ts'
import { type JsonRequest, permissionsNeeded } from './needed-permissions.ts'
import { type Call, startProxy } from './proxy.ts'
import type { RequestRules } from './request-rules/request-rules.ts'

/**
 * A sweep of the largest stream opens fewer. For an older iterator, a role may allow the action on
 * any stream.
 */
const ITERATORS_MAX = 10_000

export async function startKinesisProxy(
  target: string,
  faults: Faults,
  roles: Pick<EnforcedRoles, 'refusal'>,
  rules: Pick<RequestRules, 'refusal' | 'answered'>,
): Promise<LoopbackServer> {
  const streams = new Map<string, string>()
  const streamOf = (iterator: string): string | null => streams.get(iterator) ?? null
  const toRequest = ({ operation, json }: Call): JsonRequest => ({ service: 'kinesis', operation, body: json() })
  return startProxy(target, faults, {
    refusal: (call) => roles.refusal(call.caller, toRequest(call), streamOf) ?? rules.refusal('kinesis', call),
    answer: (call, body) => {
      if (call.operation !== 'GetShardIterator' && call.operation !== 'GetRecords') return
      const [needed] = permissionsNeeded(toRequest(call), streamOf) ?? []
      const answered = JSON.parse(body.toString('utf8')) as { ShardIterator?: string; NextShardIterator?: string }
      rules.answered('kinesis', call, answered)
      const iterator = answered.ShardIterator ?? answered.NextShardIterator
      if (typeof needed?.resource !== 'string' || typeof iterator !== 'string') return
      streams.set(iterator, needed.resource)
      const [oldest] = streams.keys()
      if (streams.size > ITERATORS_MAX && oldest !== undefined) streams.delete(oldest)
    },
  })
}
