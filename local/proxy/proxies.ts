// Starts a proxy before each service, which checks the functions' roles and requests and
// injects faults.

import type { Endpoints } from '../emulators/endpoints.ts'
import { startSecretEndpoint } from '../emulators/secret-endpoint.ts'
import type { Faults } from './chaos.ts'
import { type Capacity, startDynamoProxy } from './dynamodb-proxy.ts'
import type { EnforcedRoles } from './enforced-roles.ts'
import { startKinesisProxy } from './kinesis-proxy.ts'
import { startProxy } from './proxy.ts'
import type { RequestRules } from './request-rules/request-rules.ts'

/** The endpoints as the functions see them: those of the proxies. */
export type FunctionEndpoints = Pick<Endpoints, 'kinesis' | 'dynamodb' | 's3'> & { readonly secrets: string }

export interface Proxies {
  readonly endpoints: FunctionEndpoints
  /** The endpoint of the functions' secret without a proxy, for commands. */
  readonly openSecrets: string
  /** Returns the capacity units of the functions' DynamoDB requests so far. */
  capacity(): Capacity
  stop(): Promise<void>
}

/** @param countedApart see `startDynamoProxy`. */
export async function startProxies(
  targets: Pick<Endpoints, 'kinesis' | 'dynamodb' | 's3'>,
  faults: Faults,
  roles: Pick<EnforcedRoles, 'refusal'>,
  rules: Pick<RequestRules, 'refusal' | 'answered'>,
  countedApart: ReadonlyMap<string, string> = new Map(),
): Promise<Proxies> {
  const dynamodb = await startDynamoProxy(
    targets.dynamodb,
    faults,
    ({ caller, operation, json }) => roles.refusal(caller, { service: 'dynamodb', operation, body: json() }),
    rules,
    countedApart,
  )
  const kinesis = await startKinesisProxy(targets.kinesis, faults, roles, rules)
  const s3 = await startProxy(targets.s3, faults, {
    refusal: ({ caller, method, host, path }) => roles.refusal(caller, { service: 's3', method, host, path }),
  })
  const secretEndpoint = await startSecretEndpoint()
  const secrets = await startProxy(secretEndpoint.endpoint, faults, {
    refusal: ({ caller, operation, json }) =>
      roles.refusal(caller, { service: 'secretsmanager', operation, body: json() }),
  })
  return {
    endpoints: { secrets: secrets.endpoint, dynamodb: dynamodb.endpoint, kinesis: kinesis.endpoint, s3: s3.endpoint },
    openSecrets: secretEndpoint.endpoint,
    capacity: dynamodb.capacity,
    stop: async () => {
      await Promise.all([dynamodb.stop(), kinesis.stop(), s3.stop(), secrets.stop(), secretEndpoint.stop()])
    },
  }
}
