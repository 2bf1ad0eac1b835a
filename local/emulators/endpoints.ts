// Stands for the AWS services themselves: starts the emulators of Kinesis, DynamoDB and S3.

import type { Server } from 'node:http'
import { join } from 'node:path'
import { buildApp } from 'fauxqs'
import kinesalite, { type Options } from 'kinesalite'
import { UserError } from '../../terminal/user-error.ts'
import { startDynamo } from './dynamo-emulator.ts'
import { type LoopbackServer, serve } from './loopback-server.ts'
import { canConnect, checkedPort, HOST } from './tcp-ports.ts'

export interface Endpoints {
  readonly kinesis: string
  readonly dynamodb: string
  readonly s3: string
  stop(): Promise<void>
}

/**
 * Checks all ports of a run before it starts anything. Throws a UserError if this process cannot
 * listen on one.
 *
 * @param firstPort the port of Kinesis; DynamoDB, S3 and Lambda take the next three. A service with
 * an endpoint that is set needs none.
 */
export async function checkPorts(firstPort: number, env: NodeJS.ProcessEnv): Promise<void> {
  const given = [env.KINESIS_ENDPOINT, env.DYNAMODB_ENDPOINT, env.S3_ENDPOINT]
  for (const [offset, service] of ['Kinesis', 'DynamoDB', 'S3', 'Lambda'].entries()) {
    if (!given[offset]) await checkedPort(firstPort + offset, service)
  }
}

/**
 * Starts no emulator for a service whose endpoint is set by `KINESIS_ENDPOINT`,
 * `DYNAMODB_ENDPOINT` or `S3_ENDPOINT`.
 *
 * @param firstPort the port of Kinesis; DynamoDB and S3 take the next two. `checkPorts` has found
 * them free. Null takes free ports.
 * @param dataFolder where Kinesis and DynamoDB store their data; null stores it in memory.
 */
export async function startEndpoints(
  firstPort: number | null,
  dataFolder: string | null,
  env: NodeJS.ProcessEnv,
): Promise<Endpoints> {
  const started: LoopbackServer[] = []
  const start = async (
    name: 'KINESIS_ENDPOINT' | 'DYNAMODB_ENDPOINT' | 'S3_ENDPOINT',
    offset: number,
    emulator: (port: number) => Promise<LoopbackServer>,
  ) => {
    const given = env[name]
    if (given) return checkedEndpoint(name, given)
    const service = await emulator(firstPort === null ? 0 : firstPort + offset)
    started.push(service)
    return service.endpoint
  }
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((service) => service.stop()))
  }
  try {
    const kinesis = await start('KINESIS_ENDPOINT', 0, (port) => startKinesis(port, dataFolder))
    const dynamodb = await start('DYNAMODB_ENDPOINT', 1, (port) => startDynamo(port, dataFolder, env))
    const s3 = await start('S3_ENDPOINT', 2, startS3)
    return { kinesis, dynamodb, s3, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A request would fail only after many retries, and without the variable's name. */
async function checkedEndpoint(name: string, given: string): Promise<string> {
  const { protocol = '', hostname = '', port = '' } = URL.canParse(given) ? new URL(given) : {}
  if (/^https?:$/.test(protocol)) {
    const portOfScheme = protocol === 'https:' ? 443 : 80
    if (await canConnect(Number(port || portOfScheme), hostname.replace(/^\[|\]$/g, ''))) return given
    throw new UserError(`${name}=${given}: nothing answers there; start the service, or unset ${name}`)
  }
  throw new UserError(`${name}=${given} is not an address such as http://${HOST}:8000`)
}

async function startKinesis(port: number, dataFolder: string | null): Promise<LoopbackServer> {
  // By default kinesalite waits half a second at every change of a stream.
  const atOnce = { createStreamMs: 0, updateStreamMs: 0, deleteStreamMs: 0, shardLimit: 1000 }
  const emulator = dataFolder === null ? kinesalite(atOnce) : storingKinesis(dataFolder, atOnce)
  const server = await serve((incoming, outgoing) => {
    emulator.emit('request', incoming, outgoing)
    // Kinesalite throws the error of a client that ends its connection early.
    incoming.removeAllListeners('error').on('error', () => {})
  }, port)
  return {
    endpoint: server.endpoint,
    stop: async () => {
      await server.stop()
      // It never listened itself. Closing it closes its database.
      await new Promise((resolve) => emulator.close(resolve))
    },
  }
}

/** Throws a UserError without the database, since npm may leave out an optional dependency. */
function storingKinesis(dataFolder: string, options: Options): Server {
  try {
    return kinesalite({ ...options, path: join(dataFolder, 'kinesis') })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    throw new UserError("--data needs the package leveldown: run 'npm install --no-save leveldown@5.6.0'")
  }
}

async function startS3(port: number): Promise<LoopbackServer> {
  // Its own start would listen on every address of this machine.
  const emulator = buildApp({ logger: false, host: HOST })
  await emulator.ready()
  const server = await serve(emulator.routing, port)
  return {
    endpoint: server.endpoint,
    stop: async () => {
      await server.stop()
      await emulator.close()
    },
  }
}
