// An HTTP server for this machine alone: a server that answers in, where it listens and how it ends out.

import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface LoopbackServer {
  readonly endpoint: string
  /** Ends what is under way, too. */
  stop(): Promise<void>
}

/** Rejects where the port is taken. @param port 0 for any free one. */
export async function listen(server: Server, port = 0): Promise<LoopbackServer> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
