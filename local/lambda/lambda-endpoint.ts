// Lambda as far as the command line asks it: functions by name in, an endpoint where the SDK's client invokes them out.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type LoopbackServer, listen } from '../emulators/loopback-server.ts'
import { FunctionError, type FunctionProcess } from './function-process.ts'

/** Lambda's limit for a synchronous invocation. */
const PAYLOAD_BYTES_MAX = 6 * 1024 * 1024
const INVOCATION = /^\/2015-03-31\/functions\/(?<name>[^/]+)\/invocations$/

/** @param port 0 for any free one. */
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
    return refusal(400, 'InvalidParameterValueException', 'Only synchronous invocations are answered here')
  }
  const body = await readBody(incoming)
  if (body === null) return refusal(413, 'RequestTooLargeException', `more than ${PAYLOAD_BYTES_MAX} bytes`)
  try {
    const reply = await invoked.invoke(body.length === 0 ? {} : JSON.parse(body.toString('utf8')))
    return { status: 200, headers: {}, body: JSON.stringify(reply ?? null) }
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error
    const headers = { 'x-amz-function-error': 'Unhandled' }
    return { status: 200, headers, body: JSON.stringify({ errorMessage: error.message }) }
  }
}

/** Null for more than Lambda takes. */
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
