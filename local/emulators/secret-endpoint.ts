// Stands for Secrets Manager: answers every request with the same made-up secret.

import { createServer } from 'node:http'
import { type LoopbackServer, listen } from './loopback-server.ts'

const SECRET = 'a made-up key, which is the same in every local run'

export async function startSecretEndpoint(): Promise<LoopbackServer> {
  const server = createServer((_, outgoing) => {
    const body = JSON.stringify({ SecretString: SECRET })
    outgoing.writeHead(200, { 'content-type': 'application/x-amz-json-1.1', 'content-length': body.length })
    outgoing.end(body)
  })
  return listen(server)
}
