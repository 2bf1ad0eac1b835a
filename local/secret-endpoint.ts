// Secrets Manager as far as the functions ask it: any secret's name in, a made-up text that is the same in every run out.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const SECRET = 'a made-up key, which is the same in every local run'

export interface SecretEndpoint {
  readonly endpoint: string
  stop(): Promise<void>
}

export async function startSecretEndpoint(): Promise<SecretEndpoint> {
  const server = createServer((_, outgoing) => {
    const body = JSON.stringify({ SecretString: SECRET })
    outgoing.writeHead(200, { 'content-type': 'application/x-amz-json-1.1', 'content-length': body.length })
    outgoing.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
