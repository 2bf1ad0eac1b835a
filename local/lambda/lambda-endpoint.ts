// Stands for Lambda's Invoke API: lets an SDK client invoke the functions synchronously.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type LoopbackServer, listen } from '../emulators/loopback-server.ts'
import { FunctionError, type FunctionProcess } from './function-process.ts'

/** Lambda's limit for a synchronous invocation. */
const PAYLOAD_BYTES_MAX = 6 * 1024 * 1024
const INVOCATION = /^\/2015-03-31\/functions\/(?<name>[^/]+)\/invocations$/

/** @param port 0 takes any free port. */
export async function startLambdaEndpoint(
  functions: ReadonlyMap<string, FunctionProcess>,
  port: number,
): Promise<LoopbackServer> {
  const server = createServer((incoming, outgoing) => {
    answer(incoming, functions)
      .catch((error: unknown) => refusal(500, 'ServiceException', messageOf(error)))
      .then((reply) => send(outgoing, reply))
  })
  return listen(server, port)
}

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

async function answer(incoming: IncomingMessage, functions: ReadonlyMap<string, FunctionProcess>): Promise<Reply> {
  const name = decodeURIComponent(INVOCATION.exec(incoming.url ?? '')?.groups?.name ?? '')
  const invoked = functions.get(name)
  if (invoked === undefined) return refusal(404, 'ResourceNotFoundException', `Function not found: ${name}`)
  if ((incoming.headers['x-amz-invocation-type'] ?? 'RequestResponse') !== 'RequestResponse') {
    return refusal(400, 'InvalidParameterValueException', 'The local run supports only synchronous invocations')
  }
  const body = await readBody(incoming)
  if (body === null)
    return refusal(413, 'RequestTooLargeException', `The payload has more than ${PAYLOAD_BYTES_MAX} bytes`)
  try {
    const reply = await invoked.invoke(body.length === 0 ? {} : JSON.parse(body.toString('utf8')))
    return { status: 200, headers: {}, body: JSON.stringify(reply ?? null) }
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error
    const headers = { 'x-amz-function-error': 'Unhandled' }
    return { status: 200, headers, body: JSON.stringify({ errorMessage: error.message }) }
  }
}

/** Returns null for a body over Lambda's limit. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | null> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of incoming) {
    bytes += (part as Buffer).length
    if (bytes <= PAYLOAD_BYTES_MAX) parts.push(part as Buffer)
  }
  return bytes > PAYLOAD_BYTES_MAX ? null : Buffer.concat(parts)
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
