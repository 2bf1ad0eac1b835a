// Sends one request to a server on this machine and reads the whole answer.

import {
  type Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
} from 'node:http'

export interface SentRequest {
  readonly method: string
  readonly path: string
  readonly headers: OutgoingHttpHeaders
  readonly body: Buffer
}

export interface Answer {
  readonly status: number
  /** Without those that let a web page read the answer. */
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** @param target only its host and port count, since a path may look like an address. */
export async function exchange(
  target: string,
  { method, path, headers, body }: SentRequest,
  agent: Agent,
): Promise<Answer> {
  const { hostname, port, host } = new URL(target)
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const length = { 'content-length': body.length }
    const sent = request({ hostname, port, method, path, headers: { ...headers, host, ...length }, agent }, resolve)
    sent.once('error', reject)
    sent.end(body)
  })
  const parts: Buffer[] = []
  for await (const part of answer) parts.push(part as Buffer)
  const ownHeaders = Object.entries(answer.headers).filter(([name]) => !name.startsWith('access-control-'))
  return { status: answer.statusCode ?? 500, headers: Object.fromEntries(ownHeaders), body: Buffer.concat(parts) }
}
