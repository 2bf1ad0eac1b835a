// Checks how the proxies recognize callers, pass requests on and refuse them.

import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { faultsAt, NO_FAULTS } from '../../../local/proxy/chaos.ts'
import type { EnforcedRoles } from '../../../local/proxy/enforced-roles.ts'
import { permissionsNeeded } from '../../../local/proxy/needed-permissions.ts'
import { type Proxies, startProxies } from '../../../local/proxy/proxies.ts'
import { refusalOf } from '../../../local/proxy/proxy.ts'
import { streamArn } from '../../../local/template/arn.ts'

interface ReceivedRequest {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

let proxies: Proxies | undefined
let server: Server | undefined
afterEach(async () => {
  await proxies?.stop()
  server?.closeAllConnections()
  server?.close()
})

/** The answers of Kinesis by target. */
const ANSWERS: Readonly<Record<string, object>> = {
  'Kinesis_20131202.GetShardIterator': { ShardIterator: 'first' },
  'Kinesis_20131202.GetRecords': { NextShardIterator: 'second', Records: [] },
}

const ANY_REQUEST = { refusal: () => null, answered: () => {} }

/** Starts proxies before one service, with roles that allow or refuse everything. */
async function start(isRefused = false, chaosRate = 0) {
  const received: ReceivedRequest[] = []
  const seen: string[] = []
  const started = createServer(async (incoming, outgoing) => {
    let body = ''
    for await (const part of incoming) body += part
    received.push({ headers: incoming.headers, body })
    outgoing.end(JSON.stringify(ANSWERS[String(incoming.headers['x-amz-target'])] ?? {}))
  })
  server = started
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve))
  const target = `http://127.0.0.1:${(started.address() as AddressInfo).port}`
  const roles: Pick<EnforcedRoles, 'refusal'> = {
    refusal: (caller, request, streamOf = () => null) => {
      const needed = permissionsNeeded(request, streamOf)
      seen.push(...(needed ?? []).map(({ action, resource }) => `${caller}: ${action} on ${resource}`))
      return isRefused ? refusalOf(400, 'AccessDeniedException', 'no') : null
    },
  }
  const faults = chaosRate === 0 ? NO_FAULTS : faultsAt(chaosRate)
  proxies = await startProxies({ kinesis: target, dynamodb: target, s3: target }, faults, roles, ANY_REQUEST)
  return { endpoints: proxies.endpoints, received, seen }
}

function send(endpoint: string, target: string, body: object): Promise<Response> {
  const authorization = 'AWS4-HMAC-SHA256 Credential=Ingest1/20260302/us-east-1/any/aws4_request, SignedHeaders=host'
  return fetch(endpoint, {
    method: 'POST',
    headers: { authorization, 'x-amz-target': target },
    body: JSON.stringify(body),
  })
}

describe('a proxy', () => {
  it('recognizes the caller, and passes its request on with the shared access key', async () => {
    const { endpoints, received, seen } = await start()
    await send(endpoints.dynamodb, 'DynamoDB_20120810.GetItem', { TableName: 'Sessions' })
    expect(seen).toEqual([expect.stringMatching(/^Ingest1: dynamodb:GetItem on .+:table\/Sessions$/)])
    expect(received[0]?.headers.authorization).toContain('Credential=local/20260302/us-east-1/')
    expect(JSON.parse(received[0]?.body ?? '')).toEqual({ TableName: 'Sessions', ReturnConsumedCapacity: 'INDEXES' })
  })

  it('refuses a request before any fault', async () => {
    const { endpoints, received } = await start(true, 1)
    for (let n = 0; n < 10; n++) {
      const response = await send(endpoints.dynamodb, 'DynamoDB_20120810.GetItem', { TableName: 'Sessions' })
      expect(response.status).toBe(400)
      expect(await response.json()).toEqual({ __type: 'AccessDeniedException', message: 'no' })
    }
    expect(received).toEqual([])
  })

  it('sends an answer whole that its service sent in parts', async () => {
    const { endpoints } = await start()
    const response = await send(endpoints.secrets, 'secretsmanager.GetSecretValue', { SecretId: 'key' })
    expect(response.headers.get('transfer-encoding')).toBeNull()
    expect(await response.json()).toEqual({ SecretString: expect.any(String) })
  })

  it('knows which stream an iterator and its successors read', async () => {
    const { endpoints, seen } = await start()
    await send(endpoints.kinesis, 'Kinesis_20131202.GetShardIterator', { StreamName: 'Events' })
    for (const iterator of ['first', 'second', 'unknown']) {
      await send(endpoints.kinesis, 'Kinesis_20131202.GetRecords', { ShardIterator: iterator })
    }
    expect(seen).toEqual([
      `Ingest1: kinesis:GetShardIterator on ${streamArn('Events')}`,
      `Ingest1: kinesis:GetRecords on ${streamArn('Events')}`,
      `Ingest1: kinesis:GetRecords on ${streamArn('Events')}`,
      'Ingest1: kinesis:GetRecords on null',
    ])
  })
})
