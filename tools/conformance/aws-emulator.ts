// Starts MiniStack or moto. Each emulates many AWS services in one process.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, HOST, untilListening } from '../../local/emulators/tcp-ports.ts'
import { pythonPrograms } from './python-environment.ts'

export const AWS_EMULATORS = ['ministack', 'moto'] as const
export type EmulatorName = (typeof AWS_EMULATORS)[number]

export interface AwsEmulator {
  /** It serves every service. */
  readonly endpoint: string
  stop(): Promise<void>
}

export interface EmulatorOptions {
  /** Lets MiniStack enforce the policies of roles. Moto cannot. */
  readonly enforcesRoles?: boolean
}

const TIED_PROCESS = fileURLToPath(new URL('../../local/emulators/tied-process.mjs', import.meta.url))

/** Starts the AWS emulator on a free port of this machine alone. It stores everything in memory. */
export async function startAwsEmulator(name: EmulatorName, options: EmulatorOptions = {}): Promise<AwsEmulator> {
  const programs = pythonPrograms()
  const port = await freePort()
  const { command, env } = name === 'ministack' ? ministack(port, options) : moto(port)
  const [program, ...args] = command as [string, ...string[]]
  // MiniStack unpacks the bundles of functions, and leaves them when it ends.
  const scratch = mkdtempSync(join(tmpdir(), 'conformance-'))
  // The emulator ends with this process, even if this process is killed.
  const child = spawn(process.execPath, [TIED_PROCESS, join(programs, program), ...args], {
    env: { ...ownEnvironment(), TMPDIR: scratch, ...env },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const stop = async (): Promise<void> => {
    await end(child)
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 })
  }
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code) => reject(new Error(`${name} ended with code ${code} before it listened`)))
  })
  ended.catch(() => {})
  try {
    await Promise.race([untilListening(port, HOST), ended])
  } catch (error) {
    await stop()
    throw error
  }
  return { endpoint: `http://${HOST}:${port}`, stop }
}

interface Started {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

function ministack(port: number, { enforcesRoles = false }: EmulatorOptions): Started {
  const env = {
    BIND_HOST: HOST,
    GATEWAY_PORT: String(port),
    AUTH: String(enforcesRoles),
    // Both would listen on all interfaces.
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    // The caller with these credentials is the account's root user.
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  }
  return { command: ['ministack'], env }
}

function moto(port: number): Started {
  return { command: ['moto_server', '-H', HOST, '-p', String(port)], env: {} }
}

/** Hides the caller's credentials and endpoints. MiniStack runs functions with this Node. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, SYSTEMROOT } = process.env
  return {
    PATH: [dirname(process.execPath), PATH].join(process.platform === 'win32' ? ';' : ':'),
    ...(HOME !== undefined && { HOME }),
    ...(SYSTEMROOT !== undefined && { SYSTEMROOT }),
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}
