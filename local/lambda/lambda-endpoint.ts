// Stands for Lambda's Invoke API: lets an SDK client invoke the functions synchronously.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { type LoopbackServer, readBody, serve } from '../emulators/loopback-server.ts'
import { PAYLOAD_BYTES_MAX } from './first-batch.ts'
import { FunctionError, type FunctionProcess } from './function-process.ts'

const INVOCATION = /^\/2015-03-31\/functions\/(?<name>[^/]+)\/invocations$/

/** @param port 0 takes any free port. */
export async function startLambdaEndpoint(
  functions: ReadonlyMap<string, FunctionProcess>,
  port: number,
): Promise<LoopbackServer> {
  return serve((incoming, outgoing) => {
    answer(incoming, functions)
      .catch((error: unknown) => refusal(500, 'ServiceException', messageOf(error)))
      .then((reply) => send(outgoing, reply))
  }, port)
}

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

async function answer(incoming: IncomingMessage, functions: ReadonlyMap<string, FunctionProcess>): Promise<Reply> {
  if (incoming.method !== 'POST') return refusal(405, 'InvalidRequestContentException', 'An invocation is a POST')
  // The names of functions have only letters and digits, so a path needs no decoding.
  const name = INVOCATION.exec(incoming.url ?? '')?.groups?.name ?? ''
  const invoked = functions.get(name)
  if (invoked === undefined) return refusal(404, 'ResourceNotFoundException', `Function not found: ${name}`)
  if ((incoming.headers['x-amz-invocation-type'] ?? 'RequestResponse') !== 'RequestResponse') {
    return refusal(400, 'InvalidParameterValueException', 'The local run supports only synchronous invocations')
  }
  const body = await readBody(incoming, PAYLOAD_BYTES_MAX)
  if (body === null)
    return refusal(413, 'RequestTooLargeException', `The payload has more than ${PAYLOAD_BYTES_MAX} bytes`)
  const event = parsed(body)
  if (event === undefined) return refusal(400, 'InvalidRequestContentException', 'The payload is not JSON')
  try {
    const reply = await invoked.invoke(event)
    return { status: 200, headers: {}, body: JSON.stringify(reply ?? null) }
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error
    const headers = { 'x-amz-function-error': 'Unhandled' }
    return { status: 200, headers, body: JSON.stringify({ errorMessage: error.message }) }
  }
}

/** Returns undefined for a payload that is no JSON. */
function parsed(payload: Buffer): unknown {
  if (payload.length === 0) return {}
  try {
    return JSON.parse(payload.toString('utf8'))
  } catch {
    return undefined
  }
}

function refusal(status: number, type: string, message: string): Reply {
  return { status, headers: { 'x-amzn-errortype': type }, body: JSON.stringify({ Type: 'User', message }) }
}

function send(outgoing: ServerResponse, { status, headers, body }: Reply): void {
  const length = Buffer.byteLength(body)
  outgoing.writeHead(status, { 'content-type': 'application/json', ...headers, 'content-length': length })
  outgoing.end(body)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
