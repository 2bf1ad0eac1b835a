// Stands for the AWS services themselves: starts the emulators of Kinesis, DynamoDB and S3.

import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startFauxqs } from 'fauxqs'
import kinesalite from 'kinesalite'
import { UserError } from '../../terminal/user-error.ts'
import { checkedPort, freePort, HOST, untilListening } from './tcp-ports.ts'

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
  await Promise.race([untilListening(port), failed])
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
