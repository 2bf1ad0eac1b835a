// Stands for Secrets Manager: every secret has the same made-up value.

import { type LoopbackServer, serve } from './loopback-server.ts'

export const LOCAL_SECRET = 'a made-up key, which is the same in every local run'

export async function startSecretEndpoint(): Promise<LoopbackServer> {
  return serve((incoming, outgoing) => {
    const isKnown = incoming.headers['x-amz-target'] === 'secretsmanager.GetSecretValue'
    const body = JSON.stringify(isKnown ? { SecretString: LOCAL_SECRET } : { __type: 'UnknownOperationException' })
    outgoing.writeHead(isKnown ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' }).end(body)
  })
}
