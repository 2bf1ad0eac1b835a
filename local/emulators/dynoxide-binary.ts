// Finds the binary of the emulator of DynamoDB, and reports why none runs on a machine.

import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'

/** This machine, or another one in a test. */
export interface Machine {
  readonly platform: string
  readonly arch: string
}

/** The machine for which npm has the emulator, and its version there. */
const PACKAGED = { platform: 'linux', arch: 'x64', version: '1.2.1' }
/** The emulator prints its version within milliseconds. */
const ANSWER_MS_MAX = 10_000

/** Returns `DYNOXIDE_BIN`, or else the binary that npm installed for this machine, or null. */
export function dynoxideBinary(env: NodeJS.ProcessEnv, { platform, arch }: Machine = process): string | null {
  if (env.DYNOXIDE_BIN) return env.DYNOXIDE_BIN
  const file = platform === 'win32' ? 'dynoxide.exe' : 'dynoxide'
  try {
    return createRequire(import.meta.url).resolve(`@dynoxide/${platform}-${arch}/${file}`)
  } catch {
    return null
  }
}

/** Why no emulator of DynamoDB runs, and how to get one. Neither ends with a period. */
export interface EmulatorLack {
  readonly why: string
  readonly remedy: string
}

/**
 * Returns null if an emulator of DynamoDB runs on this machine. One that the user names by its
 * address counts as running: if it does not, the run reports that mistake.
 *
 * @param find returns the binary.
 */
export async function emulatorLack(
  env: NodeJS.ProcessEnv,
  machine: Machine = process,
  find = dynoxideBinary,
): Promise<EmulatorLack | null> {
  if (env.DYNAMODB_ENDPOINT) return null
  const binary = find(env, machine)
  if (binary === null) return notInstalled(machine)
  try {
    await promisify(execFile)(binary, ['--version'], { timeout: ANSWER_MS_MAX })
    return null
  } catch (error) {
    const { code, signal } = error as { readonly code?: string | number; readonly signal?: string | null }
    const named = env.DYNOXIDE_BIN ? `DYNOXIDE_BIN names '${binary}', which` : 'the emulator of DynamoDB'
    return { why: `${named} does not run on ${nameOf(machine)} (${code ?? signal})`, remedy: DYNAMODB_LOCAL }
  }
}

export function notInstalled(machine: Machine = process): EmulatorLack {
  const why = `no emulator of DynamoDB is installed for ${nameOf(machine)}`
  const { platform, arch, version } = PACKAGED
  const isPackaged = machine.platform === platform && machine.arch === arch
  if (!isPackaged) return { why, remedy: DYNAMODB_LOCAL }
  return { why, remedy: `run 'npm install --no-save @dynoxide/${platform}-${arch}@${version}', or ${DYNAMODB_LOCAL}` }
}

/** With `-sharedDb`, all functions share a database, though each has an access key of its own. */
const DYNAMODB_LOCAL =
  "start DynamoDB Local with 'docker run --rm -p 127.0.0.1:8000:8000 amazon/dynamodb-local -jar " +
  "DynamoDBLocal.jar -sharedDb -inMemory' and set DYNAMODB_ENDPOINT=http://127.0.0.1:8000, " +
  'or set DYNOXIDE_BIN to a dynoxide binary'

function nameOf({ platform, arch }: Machine): string {
  return `${platform}-${arch}`
}
