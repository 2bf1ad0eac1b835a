// Starts an HTTP server that loses its first answers, wholly or halfway.

import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from 'vitest'

/** How much of an answer arrives. */
export type Given = 'nothing' | 'half' | 'all'

export interface SilentServer {
  readonly endpoint: string
  /** The bodies of the requests, in order. */
  readonly requests: string[]
}

const closings: (() => void)[] = []

afterEach(() => {
  for (const close of closings.splice(0)) close()
})

/** @param given how much of each of the first answers arrives. All later answers arrive whole. */
export async function silentServer(given: readonly Given[], answer: object): Promise<SilentServer> {
  const requests: string[] = []
  const server = createServer(async (incoming, outgoing) => {
    let body = ''
    for await (const part of incoming) body += part
    requests.push(body)
    give(given[requests.length - 1] ?? 'all', JSON.stringify(answer), outgoing)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closings.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}

function give(given: Given, text: string, outgoing: ServerResponse): void {
  if (given === 'nothing') return
  outgoing.writeHead(200, { 'content-type': 'application/x-amz-json-1.0', 'content-length': Buffer.byteLength(text) })
  if (given === 'all') outgoing.end(text)
  else outgoing.write(text.slice(0, text.length / 2))
}
