// Stands for the AWS services themselves: starts the emulators of Kinesis, DynamoDB and S3.

import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startFauxqs } from 'fauxqs'
import kinesalite from 'kinesalite'
import { UserError } from '../../terminal/user-error.ts'

export interface Endpoints {
  readonly kinesis: string
  readonly dynamodb: string
  readonly s3: string
  stop(): Promise<void>
}

interface Service {
  readonly endpoint: string
  stop(): Promise<void>
}

const HOST = '127.0.0.1'
const TIED_PROCESS = fileURLToPath(new URL('tied-process.mjs', import.meta.url))

/**
 * Starts no emulator for a service whose endpoint is set by `KINESIS_ENDPOINT`,
 * `DYNAMODB_ENDPOINT` or `S3_ENDPOINT`.
 *
 * @param firstPort the port of Kinesis; DynamoDB and S3 take the next two. Null takes free ports.
 * @param dataFolder where Kinesis and DynamoDB store their data; null stores it in memory.
 */
export async function startEndpoints(
  firstPort: number | null,
  dataFolder: string | null,
  env: NodeJS.ProcessEnv,
): Promise<Endpoints> {
  const started: Service[] = []
  const start = async (given: string | undefined, offset: number, emulator: (port: number) => Promise<Service>) => {
    if (given !== undefined && given !== '') return given
    const service = await emulator(firstPort === null ? await freePort() : await checkedPort(firstPort + offset))
    started.push(service)
    return service.endpoint
  }
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((service) => service.stop()))
  }
  try {
    const kinesis = await start(env.KINESIS_ENDPOINT, 0, (port) => startKinesis(port, dataFolder))
    const dynamodb = await start(env.DYNAMODB_ENDPOINT, 1, (port) => startDynamo(port, dataFolder, env))
    const s3 = await start(env.S3_ENDPOINT, 2, startS3)
    return { kinesis, dynamodb, s3, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startKinesis(port: number, dataFolder: string | null): Promise<Service> {
  // By default kinesalite waits half a second at every change of a stream.
  const atOnce = { createStreamMs: 0, updateStreamMs: 0, deleteStreamMs: 0, shardLimit: 1000 }
  const server = kinesalite(dataFolder === null ? atOnce : { ...atOnce, path: join(dataFolder, 'kinesis') })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, HOST, resolve)
  })
  return {
    endpoint: `http://${HOST}:${port}`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function startS3(port: number): Promise<Service> {
  const server = await startFauxqs({ port, host: HOST, logger: false })
  return { endpoint: `http://${HOST}:${port}`, stop: () => server.stop() }
}

async function startDynamo(port: number, dataFolder: string | null, env: NodeJS.ProcessEnv): Promise<Service> {
  const file = dataFolder === null ? null : join(dataFolder, 'dynamodb.sqlite')
  const storage = file === null ? [] : ['--db-path', file]
  const command = [dynoxideBinary(env), 'serve', '--host', HOST, '--port', String(port), ...storage]
  // The child's input closes when this process ends, even by a kill.
  const child = spawn(process.execPath, [TIED_PROCESS, ...command], { stdio: ['pipe', 'ignore', 'ignore'] })
  const failed = new Promise<never>((_, reject) => {
    child.once('error', (error) => reject(new UserError(`DynamoDB's emulator does not start: ${error.message}`)))
    const on = file === null ? '' : ` on ${file}`
    child.once('exit', (code) => reject(new UserError(`DynamoDB's emulator ended with code ${code}${on}`)))
  })
  failed.catch(() => {})
  await Promise.race([listening(port), failed])
  return { endpoint: `http://${HOST}:${port}`, stop: () => end(child) }
}

/** Returns `DYNOXIDE_BIN`, or else the binary that npm installed for this platform. */
function dynoxideBinary(env: NodeJS.ProcessEnv): string {
  if (env.DYNOXIDE_BIN) return env.DYNOXIDE_BIN
  const name = `@dynoxide/${process.platform}-${process.arch}`
  const file = process.platform === 'win32' ? 'dynoxide.exe' : 'dynoxide'
  try {
    return createRequire(import.meta.url).resolve(`${name}/${file}`)
  } catch {
    throw new UserError(
      `DynamoDB's emulator for ${process.platform}-${process.arch} is not installed: run 'npm install --no-save ` +
        `${name}@1.2.1', or set DYNOXIDE_BIN to a dynoxide binary, or DYNAMODB_ENDPOINT to a running DynamoDB Local`,
    )
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

const START_TRIES_MAX = 500

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < START_TRIES_MAX; tries++) {
    if (await canConnect(port)) return
    await wait(20)
  }
  throw new UserError(`nothing listens on port ${port} after 10 seconds`)
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST)
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
