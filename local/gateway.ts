// A gateway before an endpoint: the functions' requests in, passed on and answered, unless a mishap befalls them, out.

import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Mishaps } from './chaos.ts'

export interface Gateway {
  readonly endpoint: string
  stop(): Promise<void>
}

export interface Passing {
  /** What is sent on instead of what came. */
  request(operation: string, body: Buffer): Buffer
  /** Told of every answer that was no error. */
  answer(operation: string, body: Buffer): void
}

const AS_IT_IS: Passing = { request: (_, body) => body, answer: () => {} }

export async function startGateway(target: string, mishaps: Mishaps, passing: Passing = AS_IT_IS): Promise<Gateway> {
  const agent = new Agent({ keepAlive: true })
  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing, target, agent, mishaps, passing).catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      agent.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const SERVER_ERROR = { status: 500, body: '{"__type":"InternalServerError","message":"made up by --chaos"}' }
const THROTTLED = { status: 400, body: '{"__type":"ThrottlingException","message":"made up by --chaos"}' }

async function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: string,
  agent: Agent,
  mishaps: Mishaps,
  passing: Passing,
): Promise<void> {
  const operation = String(incoming.headers['x-amz-target'] ?? '').replace(/^\w+\./, '')
  const sent = await readAll(incoming)
  const mishap = mishaps.ofCall()
  if (mishap === 'throttled') return refuse(outgoing, THROTTLED)
  if (mishap === 'failed') return refuse(outgoing, SERVER_ERROR)
  if (mishap === 'slow') await wait(mishaps.slowMs())
  const body = passing.request(operation, sent)
  const headers = { ...incoming.headers, host: new URL(target).host, 'content-length': body.length }
  const answer = await exchange(new URL(incoming.url ?? '/', target), { method: incoming.method, headers, agent }, body)
  const answered = await readAll(answer)
  if (answer.statusCode === 200) passing.answer(operation, answered)
  if (mishap === 'failed after it was done') return refuse(outgoing, SERVER_ERROR)
  if (mishap === 'no answer') {
    outgoing.destroy()
    return
  }
  outgoing.writeHead(answer.statusCode ?? 500, { ...answer.headers, 'content-length': answered.length })
  outgoing.end(answered)
}

function refuse(outgoing: ServerResponse, { status, body }: { status: number; body: string }): void {
  outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'content-length': body.length })
  outgoing.end(body)
}

function exchange(target: URL, options: object, body: Buffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(target, options, resolve)
    sent.once('error', reject)
    sent.end(body)
  })
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of message) parts.push(part as Buffer)
  return Buffer.concat(parts)
}
