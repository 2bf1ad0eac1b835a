// Serves the page to this machine only, and sends it frames as server-sent events.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type FrameClients, frameClients, HEADERS, type Watched } from './frame-clients.ts'
import type { PageText } from './watch-page.ts'

export interface WatchServer {
  /** The page's address. It holds the token, so keep it private. */
  readonly address: string
  /** The number of pages that get frames. */
  clients(): number
  /** Sends the last frame, and ends all connections. */
  stop(): Promise<void>
}

const CONNECTIONS_MAX = 64
const TIMEOUTS = { headersTimeout: 10_000, requestTimeout: 10_000, connectionsCheckingInterval: 1000 }
const HOST = '127.0.0.1'
const TOKEN_BYTES = 32

export interface ServerOptions {
  /** Absent: a random one of 256 bits. */
  readonly token?: string
  readonly frameEveryMs?: number
}

const FRAME_EVERY_MS = 500

/** Listens on a free port. A page of another origin, another host and another user get nothing. */
export async function startWatchServer(
  page: PageText,
  watched: Watched,
  { token = randomBytes(TOKEN_BYTES).toString('base64url'), frameEveryMs = FRAME_EVERY_MS }: ServerOptions = {},
): Promise<WatchServer> {
  let host = ''
  const clients = frameClients(watched, frameEveryMs)
  const server = createServer(TIMEOUTS, (incoming, outgoing) => {
    // A browser that ends its connection early is no error of this process.
    incoming.on('error', () => {})
    outgoing.on('error', () => {})
    answer(incoming, outgoing, { host, token, page, watched, clients })
  })
  server.maxConnections = CONNECTIONS_MAX
  server.listen(0, HOST)
  await once(server, 'listening')
  host = `${HOST}:${(server.address() as AddressInfo).port}`
  return {
    address: `http://${host}/${token}/`,
    clients: clients.count,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      await clients.stop()
      server.closeAllConnections()
      await closed
    },
  }
}

interface Site {
  readonly host: string
  readonly token: string
  readonly page: PageText
  readonly watched: Watched
  readonly clients: FrameClients
}

function answer(incoming: IncomingMessage, outgoing: ServerResponse, site: Site): void {
  const asked = whatIsAsked(incoming, site)
  if (asked === 'page') {
    const { policy, html } = site.page
    const headers = { 'content-security-policy': policy, 'content-type': 'text/html; charset=utf-8' }
    outgoing.writeHead(200, { ...HEADERS, ...headers }).end(html)
  } else if (typeof asked === 'object') {
    const session = site.watched.session(asked.session)
    outgoing.writeHead(200, { ...HEADERS, 'content-type': 'application/json; charset=utf-8' }).end(session)
  } else if (asked !== 'frames' || !site.clients.add(outgoing)) {
    const status = asked === 'frames' ? 503 : asked
    outgoing.writeHead(status, { ...HEADERS, connection: 'close' }).end()
  }
}

/** Returns the status of a refused request, or what it asks for. */
function whatIsAsked(
  incoming: IncomingMessage,
  { host, token }: Site,
): number | 'page' | 'frames' | { readonly session: number } {
  if (isStray(incoming, host)) return 403
  if (incoming.method !== 'GET') return 405
  const [, sent = '', ...rest] = (incoming.url ?? '').split('/')
  if (!isEqual(sent, token)) return 404
  const path = rest.join('/')
  if (path === '') return 'page'
  if (path === 'frames') return 'frames'
  const number = /^session\/(\d{1,15})$/.exec(path)?.[1]
  return number === undefined ? 404 : { session: Number(number) }
}

/**
 * A foreign host is a page whose name was made to resolve to this machine. Browsers send the site
 * of the page that asks; a person who types the address has none.
 */
function isStray({ headers }: IncomingMessage, host: string): boolean {
  const site = headers['sec-fetch-site'] ?? 'none'
  return (
    headers.host !== host ||
    (headers.origin !== undefined && headers.origin !== `http://${host}`) ||
    (site !== 'same-origin' && site !== 'none')
  )
}

/** Compares digests, whose length and equal parts show nothing of the token. */
function isEqual(sent: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(sent), digest(token))
}
