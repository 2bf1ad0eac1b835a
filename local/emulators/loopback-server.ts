// Serves HTTP on this machine's loopback address, and refuses what no AWS client sends.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HOST } from './tcp-ports.ts'

export interface LoopbackServer {
  readonly endpoint: string
  /** Closes open connections, also those with a request under way. */
  stop(): Promise<void>
}

/** The largest request is a batch for DynamoDB of 16 MB. */
const BODY_BYTES_MAX = 17 * 1024 * 1024
/** The functions and pollers together open at most some hundreds of connections. */
const CONNECTIONS_MAX = 1000
/** The server ends a connection whose headers, or whose whole request, take longer to arrive. */
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 60_000, connectionsCheckingInterval: 1000 }

/**
 * Answers only requests that name this server as their host and that no browser sent. A web page
 * can send requests to any port of this machine, so the address alone is no protection.
 *
 * Rejects if the port is in use.
 *
 * @param port 0 takes any free port.
 */
export async function serve(answer: RequestListener, port = 0): Promise<LoopbackServer> {
  let hosts: readonly string[] = []
  const server = createServer(TIMEOUTS, (incoming, outgoing) => {
    // A client that ends its connection early is no error of this process.
    incoming.on('error', () => {})
    outgoing.on('error', () => {})
    if (isStray(incoming, hosts)) outgoing.writeHead(403, { connection: 'close' }).end()
    else answer(incoming, outgoing)
  })
  server.maxConnections = CONNECTIONS_MAX
  server.listen(port, HOST)
  await once(server, 'listening')
  const listensOn = (server.address() as AddressInfo).port
  hosts = [`${HOST}:${listensOn}`, `localhost:${listensOn}`]
  return {
    endpoint: `http://${HOST}:${listensOn}`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A foreign host is a page whose name was made to resolve to this machine. */
function isStray({ headers, url = '' }: IncomingMessage, hosts: readonly string[]): boolean {
  const isFromBrowser = headers.origin !== undefined || headers['sec-fetch-site'] !== undefined
  return isFromBrowser || !hosts.includes(headers.host ?? '') || !url.startsWith('/')
}

/**
 * Returns null for a longer body. Rejects if the client ends its connection before the body ends.
 */
export async function readBody(incoming: IncomingMessage, bytesMax = BODY_BYTES_MAX): Promise<Buffer | null> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of incoming) {
    bytes += (part as Buffer).length
    if (bytes <= bytesMax) parts.push(part as Buffer)
  }
  return bytes > bytesMax ? null : Buffer.concat(parts)
}
