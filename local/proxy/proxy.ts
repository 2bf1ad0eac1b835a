// Runs an HTTP proxy before an endpoint: it passes requests on, refuses them, or injects faults.

import { Agent, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { LOCAL_ENVIRONMENT } from '../emulators/clients.ts'
import { exchange } from '../emulators/exchange.ts'
import { type LoopbackServer, readBody, serve } from '../emulators/loopback-server.ts'
import type { Faults } from './chaos.ts'

/** A function's request to a service. */
export interface Call {
  /** The access key id that signed the request; empty if it is not signed. */
  readonly caller: string
  readonly method: string
  readonly host: string
  readonly path: string
  /** Empty for S3, which has no operation header. */
  readonly operation: string
  readonly body: Buffer
  /** Parses the body of a JSON request, once. */
  json(): Readonly<Record<string, unknown>>
}

export interface Refusal {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** How a proxy treats a request besides passing it on. */
export interface ProxyRules {
  /** Returns the answer to a request that must not pass, or null. */
  refusal(call: Call): Refusal | null
  /** Returns the body to pass on. */
  request(call: Call): Buffer
  /** Called with the body of every successful answer. */
  answer(call: Call, body: Buffer): void
}

const PASS_ON: ProxyRules = { refusal: () => null, request: ({ body }) => body, answer: () => {} }

/** @param changed the rules that differ from passing everything on unchanged. */
export async function startProxy(
  target: string,
  faults: Faults,
  changed: Partial<ProxyRules>,
): Promise<LoopbackServer> {
  const rules = { ...PASS_ON, ...changed }
  const agent = new Agent({ keepAlive: true })
  const { endpoint, stop } = await serve((incoming, outgoing) => {
    pass(incoming, outgoing, target, agent, faults, rules).catch((error: Error) => {
      if (outgoing.headersSent) outgoing.destroy()
      else refuse(outgoing, refusalOf(500, 'InternalServerError', error.message))
    })
  })
  return {
    endpoint,
    stop: async () => {
      agent.destroy()
      await stop()
    },
  }
}

const SERVER_ERROR = refusalOf(500, 'InternalServerError', 'injected by --chaos')
const THROTTLED = refusalOf(400, 'ThrottlingException', 'injected by --chaos')
const TOO_LARGE = refusalOf(413, 'RequestTooLargeException', 'The body is larger than any request of the functions')
const UNSIGNED = refusalOf(403, 'MissingAuthenticationTokenException', 'Request is missing Authentication Token')

async function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: string,
  agent: Agent,
  faults: Faults,
  rules: ProxyRules,
): Promise<void> {
  const received = await readBody(incoming)
  if (received === null) return refuse(outgoing, TOO_LARGE)
  const call = toCall(incoming, received)
  // The SDK signs every request. Any other must not reach the rules, which may end the run.
  if (call.caller === '') return refuse(outgoing, UNSIGNED)
  const refusal = rules.refusal(call)
  if (refusal !== null) return refuse(outgoing, refusal)
  const fault = faults.ofCall()
  if (fault === 'throttled') return refuse(outgoing, THROTTLED)
  if (fault === 'failed') return refuse(outgoing, SERVER_ERROR)
  if (fault === 'slow') await wait(faults.slowMs())
  const body = rules.request(call)
  const headers = {
    ...incoming.headers,
    // Some emulators show each access key only its own resources.
    authorization: incoming.headers.authorization?.replace(
      CALLER,
      `Credential=${LOCAL_ENVIRONMENT.AWS_ACCESS_KEY_ID}/`,
    ),
  }
  const answer = await exchange(target, { method: call.method, path: call.path, headers, body }, agent)
  if (answer.status === 200) rules.answer(call, answer.body)
  if (fault === 'failed after it was done') return refuse(outgoing, SERVER_ERROR)
  if (fault === 'no answer') {
    outgoing.destroy()
    return
  }
  // The body is whole here, although the service may have sent it in parts.
  const { 'transfer-encoding': _, ...answered } = answer.headers
  outgoing.writeHead(answer.status, { ...answered, 'content-length': answer.body.length })
  outgoing.end(answer.body)
}

const CALLER = /\bCredential=(?<caller>[^/,\s]*)\//

function toCall({ headers, method = 'GET', url = '/' }: IncomingMessage, body: Buffer): Call {
  let parsed: Readonly<Record<string, unknown>> | undefined
  return {
    caller: CALLER.exec(headers.authorization ?? '')?.groups?.caller ?? '',
    method,
    host: headers.host ?? '',
    path: url,
    operation: String(headers['x-amz-target'] ?? '').replace(/^\w+\./, ''),
    body,
    json: () => {
      parsed ??= JSON.parse(body.toString('utf8')) as Readonly<Record<string, unknown>>
      return parsed
    },
  }
}

/** Makes the error answer of a JSON service. */
export function refusalOf(status: number, type: string, message: string): Refusal {
  return { status, contentType: 'application/x-amz-json-1.0', body: JSON.stringify({ __type: type, message }) }
}

function refuse(outgoing: ServerResponse, { status, contentType, body }: Refusal): void {
  outgoing.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) })
  outgoing.end(body)
}
