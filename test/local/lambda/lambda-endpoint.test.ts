// Checks that the SDK's Lambda client can invoke the functions of a local run.

import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LOCAL_CONFIG } from '../../../local/emulators/clients.ts'
import type { LoopbackServer } from '../../../local/emulators/loopback-server.ts'
import { FunctionError } from '../../../local/lambda/function-process.ts'
import { startLambdaEndpoint } from '../../../local/lambda/lambda-endpoint.ts'

const functions = new Map([
  ['echo', { invoke: async (event: unknown) => ({ event }), stop: async () => {} }],
  ['broken', { invoke: () => Promise.reject(new FunctionError('out of time')), stop: async () => {} }],
])
let lambda: LoopbackServer
let client: LambdaClient

beforeAll(async () => {
  lambda = await startLambdaEndpoint(functions, 0)
  client = new LambdaClient({ ...LOCAL_CONFIG, endpoint: lambda.endpoint, maxAttempts: 1 })
})
afterAll(async () => {
  client.destroy()
  await lambda.stop()
})

const invoke = (FunctionName: string, payload?: string) =>
  client.send(new InvokeCommand({ FunctionName, ...(payload !== undefined && { Payload: Buffer.from(payload) }) }))
const textOf = (payload: Uint8Array | undefined): string => Buffer.from(payload ?? []).toString('utf8')

describe('an invocation', () => {
  it('answers an invocation with the reply of the function', async () => {
    const { StatusCode, FunctionError: failed, Payload } = await invoke('echo', '{"drain":true}')
    expect([StatusCode, failed, textOf(Payload)]).toEqual([200, undefined, '{"event":{"drain":true}}'])
    expect(textOf((await invoke('echo')).Payload)).toBe('{"event":{}}')
  })

  it('answers a failed invocation with a function error, as Lambda does', async () => {
    const { FunctionError: failed, Payload } = await invoke('broken', '{}')
    expect([failed, textOf(Payload)]).toEqual(['Unhandled', '{"errorMessage":"out of time"}'])
  })

  it('refuses a payload that is not JSON, and a request that is no POST', async () => {
    await expect(invoke('echo', '{"drain":')).rejects.toMatchObject({ name: 'InvalidRequestContentException' })
    const { status } = await fetch(`${lambda.endpoint}/2015-03-31/functions/echo/invocations`)
    expect(status).toBe(405)
  })

  it('refuses an unknown function and a payload over the limit with AWS error names', async () => {
    await expect(invoke('other')).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
    const large = JSON.stringify('x'.repeat(6 * 1024 * 1024))
    await expect(invoke('echo', large)).rejects.toMatchObject({ name: 'RequestTooLargeException' })
  })
})
