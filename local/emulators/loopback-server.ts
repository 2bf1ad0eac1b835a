// Lets an HTTP server listen on this machine's loopback address, which no other machine can call.

import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface LoopbackServer {
  readonly endpoint: string
  /** Closes open connections, also those with a request under way. */
  stop(): Promise<void>
}

/** Rejects if the port is in use. @param port 0 takes any free port. */
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
