// Installs both AWS emulators into a virtual environment that belongs to the project.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url))
const FOLDER = fileURLToPath(new URL('../../.conformance', import.meta.url))
const IS_WINDOWS = process.platform === 'win32'

/**
 * Returns the folder of the environment's programs. Installs on the first call, and again after
 * `requirements.txt` has changed.
 */
export function pythonPrograms(): string {
  const digest = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex')
  const programs = join(FOLDER, IS_WINDOWS ? 'Scripts' : 'bin')
  const installed = join(FOLDER, 'installed')
  if (existsSync(installed) && readFileSync(installed, 'utf8') === digest) return programs
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER)
  run(IS_WINDOWS ? 'python' : 'python3', ['-m', 'venv', FOLDER])
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes']
  run(join(programs, 'python'), [...install, '--only-binary', ':all:', '--requirement', REQUIREMENTS])
  // Written last, so that the next call repeats an interrupted installation.
  writeFileSync(installed, digest)
  return programs
}

function run(command: string, args: readonly string[]): void {
  const { error, status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (error !== undefined || status !== 0)
    throw new Error(
      `${command} fails: the conformance tests need Python 3.10 or later, venv, pip and the package index`,
    )
}
