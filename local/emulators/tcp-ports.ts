// Finds free TCP ports on this machine, and waits until an emulator listens on one.

import { randomInt } from 'node:crypto'
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

/** Returns whether a process listens on the port of the host. */
export function canConnect(port: number, host: string): Promise<boolean> {
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

/**
 * Systems give higher ports to outgoing connections. One of these could take a free port before its
 * server listens.
 */
const FREE_PORTS = { from: 20_000, below: 32_000 }
const FREE_PORT_TRIES_MAX = 100

/** Returns a port that no process uses at this moment. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < FREE_PORT_TRIES_MAX; tries++) {
    const port = randomInt(FREE_PORTS.from, FREE_PORTS.below)
    if (await isFree(port)) return port
  }
  throw new UserError(`no free port from ${FREE_PORTS.from} to ${FREE_PORTS.below - 1}`)
}

/**
 * Returns the port. Throws a UserError if this process cannot listen on it.
 *
 * @param service the service that it is for, in the message.
 */
export async function checkedPort(port: number, service: string): Promise<number> {
  try {
    await listenOnce(port)
    return port
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    const why = LISTEN_ERRORS[code] ?? `cannot be used (${code})`
    throw new UserError(`port ${port}, for ${service}, ${why}: choose four free ones in a row with --port`)
  }
}

const LISTEN_ERRORS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use',
  EACCES: 'is not allowed for this user',
}

async function isFree(port: number): Promise<boolean> {
  return listenOnce(port).then(
    () => true,
    () => false,
  )
}

async function listenOnce(port: number): Promise<void> {
  const server = await listen(port)
  await new Promise((resolve) => server.close(resolve))
}
