// Finds free TCP ports on this machine, and waits until an emulator listens on one.

import { connect, createServer, type Server } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { UserError } from '../../terminal/user-error.ts'

export const HOST = '127.0.0.1'

const START_TRIES_MAX = 3000

/** Resolves when a process listens on the port. Throws a UserError if none does in a minute. */
export async function untilListening(port: number, host: string): Promise<void> {
  for (let tries = 0; tries < START_TRIES_MAX; tries++) {
    if (await canConnect(port, host)) return
    await wait(20)
  }
  throw new UserError(`nothing listens on port ${port} after a minute`)
}

function canConnect(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, HOST, () => resolve(server))
  })
}

/** Returns a port that no process uses at this moment. */
export async function freePort(): Promise<number> {
  const server = await listen(0)
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port')
  return address.port
}

/** Returns the port. Throws a UserError if this process cannot listen on it. */
export async function checkedPort(port: number): Promise<number> {
  try {
    const server = await listen(port)
    await new Promise((resolve) => server.close(resolve))
    return port
  } catch {
    throw new UserError(`port ${port} is in use or not allowed: choose four free ones in a row with --port`)
  }
}
