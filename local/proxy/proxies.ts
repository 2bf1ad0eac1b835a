// The proxies of all services: endpoints, faults and roles in; where the functions reach the services out.

import type { Endpoints } from '../emulators/endpoints.ts'
import { startSecretEndpoint } from '../emulators/secret-endpoint.ts'
import type { Mishaps } from './chaos.ts'
import { type Capacity, startDynamoProxy } from './dynamodb-proxy.ts'
import type { EnforcedRoles } from './enforced-roles.ts'
import { startKinesisProxy } from './kinesis-proxy.ts'
import { startProxy } from './proxy.ts'

/** Where the functions reach the services. */
export type ReachedEndpoints = Pick<Endpoints, 'kinesis' | 'dynamodb' | 's3'> & { readonly secrets: string }

export interface Proxies {
  readonly endpoints: ReachedEndpoints
  /** Where a person reads the secret that the functions do: no role stands before it. */
  readonly openSecrets: string
  /** What the functions' calls of DynamoDB took. */
  capacity(): Capacity
  stop(): Promise<void>
}

/** @param countedAside see `startDynamoProxy`. */
export async function startProxies(
  targets: Pick<Endpoints, 'kinesis' | 'dynamodb' | 's3'>,
  faults: Mishaps,
  roles: Pick<EnforcedRoles, 'refusal'>,
  countedAside: ReadonlyMap<string, string> = new Map(),
): Promise<Proxies> {
  const dynamodb = await startDynamoProxy(
    targets.dynamodb,
    faults,
    ({ caller, operation, json }) => roles.refusal(caller, { service: 'dynamodb', operation, body: json() }),
    countedAside,
  )
  const kinesis = await startKinesisProxy(targets.kinesis, faults, roles)
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
