// A service that loses answers: how much of each answer it gives in, its address and the requests that reached it out.

import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from 'vitest'

/** What of an answer arrives. */
export type Given = 'nothing' | 'half' | 'all'

export interface SilentServer {
  readonly endpoint: string
  /** Their bodies. */
  readonly requests: string[]
}

const closings: (() => void)[] = []

afterEach(() => {
  for (const close of closings.splice(0)) close()
})

/** @param given of the first answers; all that follow are whole. */
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
