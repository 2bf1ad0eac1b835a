// Runs DynamoDB's emulator in a process of its own, behind a server that refuses stray requests.

import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { Agent, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from '../../terminal/user-error.ts'
import { dynoxideBinary, notInstalled } from './dynoxide-binary.ts'
import { exchange } from './exchange.ts'
import { type LoopbackServer, readBody, serve } from './loopback-server.ts'
import { freePort, HOST, untilListening } from './tcp-ports.ts'

const TIED_PROCESS = fileURLToPath(new URL('tied-process.mjs', import.meta.url))

/** @param port the port of the server before the emulator. */
export async function startDynamo(
  port: number,
  dataFolder: string | null,
  env: NodeJS.ProcessEnv,
): Promise<LoopbackServer> {
  const { target, child } = await startDynoxide(dataFolder, env)
  const agent = new Agent({ keepAlive: true })
  const stopDynoxide = async (): Promise<void> => {
    agent.destroy()
    await end(child)
  }
  try {
    const server = await serve((incoming, outgoing) => {
      pass(incoming, outgoing, target, agent).catch(() => outgoing.destroy())
    }, port)
    return {
      endpoint: server.endpoint,
      stop: async () => {
        await server.stop()
        await stopDynoxide()
      },
    }
  } catch (error) {
    await stopDynoxide()
    throw error
  }
}

async function pass(incoming: IncomingMessage, outgoing: ServerResponse, target: string, agent: Agent): Promise<void> {
  const { method = 'GET', url: path = '/', headers } = incoming
  const body = await readBody(incoming)
  if (body === null) {
    outgoing.writeHead(413).end()
    return
  }
  const answer = await exchange(target, { method, path, headers, body }, agent)
  outgoing.writeHead(answer.status, answer.headers).end(answer.body)
}

async function startDynoxide(dataFolder: string | null, env: NodeJS.ProcessEnv) {
  const binary = dynoxideBinary(env)
  if (binary === null) {
    const { why, remedy } = notInstalled()
    throw new UserError(`The emulators do not start, since ${why}: ${remedy}`)
  }
  const host = unguessableHost()
  const port = await freePort()
  const file = dataFolder === null ? null : join(dataFolder, 'dynamodb.sqlite')
  const storage = file === null ? [] : ['--db-path', file]
  const command = [binary, 'serve', '--host', host, '--port', String(port), ...storage]
  // The child's input closes when this process ends, even by a kill.
  const child = spawn(process.execPath, [TIED_PROCESS, ...command], { stdio: ['pipe', 'ignore', 'ignore'] })
  const failed = new Promise<never>((_, reject) => {
    child.once('error', (error) => reject(new UserError(`DynamoDB's emulator does not start: ${error.message}`)))
    const on = file === null ? '' : ` on ${file}`
    child.once('exit', (code) => reject(new UserError(`DynamoDB's emulator ${binary} ended with code ${code}${on}`)))
  })
  failed.catch(() => {})
  await Promise.race([untilListening(port, host), failed])
  return { target: `http://${host}:${port}`, child }
}

/**
 * The emulator answers any host and any web page. So it listens on a random one of the 16 million
 * loopback addresses, where no page can find it. macOS has only one loopback address.
 */
function unguessableHost(): string {
  if (process.platform === 'darwin') return HOST
  return `127.${randomInt(1, 255)}.${randomInt(0, 256)}.${randomInt(1, 255)}`
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  // On Windows a signal would end only the process between, and leave the emulator.
  child.stdin?.end()
  await ended
}
