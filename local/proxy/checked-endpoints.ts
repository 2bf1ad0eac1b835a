// Starts proxies that check requests and answers, for callers without a role.

import type { Endpoints } from '../emulators/endpoints.ts'
import { NO_FAULTS } from './chaos.ts'
import { startProxy } from './proxy.ts'
import type { CheckedService, RequestRules } from './request-rules/request-rules.ts'

export interface CheckedEndpoints extends Pick<Endpoints, CheckedService> {
  stop(): Promise<void>
}

export async function startCheckedEndpoints(
  targets: Pick<Endpoints, CheckedService>,
  rules: RequestRules,
): Promise<CheckedEndpoints> {
  const start = (service: CheckedService) =>
    startProxy(targets[service], NO_FAULTS, {
      refusal: (call) => rules.refusal(service, call),
      // Kinesis answers some requests with an empty body.
      answer: (call, body) => {
        if (body.length > 0) rules.answered(service, call, JSON.parse(body.toString('utf8')))
      },
    })
  const dynamodb = await start('dynamodb')
  const kinesis = await start('kinesis')
  return {
    dynamodb: dynamodb.endpoint,
    kinesis: kinesis.endpoint,
    stop: async () => {
      await Promise.all([dynamodb.stop(), kinesis.stop()])
    },
  }
}
