// Installs both AWS emulators into a virtual environment that belongs to the project.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from '../../terminal/user-error.ts'

const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url))
const FOLDER = fileURLToPath(new URL('../../.conformance', import.meta.url))
const IS_WINDOWS = process.platform === 'win32'
const PYTHON = IS_WINDOWS ? 'python' : 'python3'

/** The machine lacks Python, a part of it, or an index that has the packages. */
export class NotInstallableError extends UserError {
  override readonly name = 'NotInstallableError'
}

export interface Ran {
  /** Null if the command was not found, or took too long. */
  readonly status: number | null
  readonly output: string
}
export type Run = (command: string, args: readonly string[]) => Ran

const TOO_OLD = 10
const NO_VENV = 11
/** Debian has `ensurepip`, without which `venv` installs no pip, in the package `python3-venv`. */
const PYTHON_CHECK = `import sys
if sys.version_info < (3, 10): sys.exit(${TOO_OLD})
try:
    import ensurepip, venv
except ImportError:
    sys.exit(${NO_VENV})
`
/** An index that does not answer keeps pip for a minute at most. */
const PIP_PATIENCE = ['--timeout', '15', '--retries', '2']
/** Pip prints one of these if requirements.txt is wrong, or a package is not the one it names. */
const WRONG_REQUIREMENTS = /DO NOT MATCH THE HASHES|--require-hashes mode|Invalid requirement|ResolutionImpossible/

/**
 * Returns the folder of the environment's programs. Installs on the first call, and again after
 * `requirements.txt` has changed. Throws NotInstallableError where that is impossible.
 */
export function pythonPrograms(folder = FOLDER, run: Run = runProgram): string {
  const digest = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex')
  const programs = join(folder, IS_WINDOWS ? 'Scripts' : 'bin')
  const installed = join(folder, 'installed')
  if (existsSync(installed) && readFileSync(installed, 'utf8') === digest) return programs
  checkPython(run)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  const made = run(PYTHON, ['-m', 'venv', folder])
  if (made.status !== 0) throw new NotInstallableError(`Python makes no virtual environment: ${lastLine(made.output)}`)
  installPackages(join(programs, 'python'), run)
  // Written last, so that the next call repeats an interrupted installation.
  writeFileSync(installed, digest)
  return programs
}

function checkPython(run: Run): void {
  const { status } = run(PYTHON, ['-c', PYTHON_CHECK])
  if (status === TOO_OLD) throw new NotInstallableError('Python is older than 3.10')
  if (status === NO_VENV) throw new NotInstallableError('Python has no venv or no ensurepip')
  if (status !== 0) throw new NotInstallableError(`${PYTHON} is not installed`)
}

function installPackages(python: string, run: Run): void {
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--require-hashes']
  const from = ['--only-binary', ':all:', '--requirement', REQUIREMENTS]
  const { status, output } = run(python, [...install, ...PIP_PATIENCE, ...from])
  if (status === 0) return
  if (WRONG_REQUIREMENTS.test(output)) throw new UserError(`pip refuses tools/conformance/requirements.txt:\n${output}`)
  throw new NotInstallableError(`pip finds no index that answers and has the packages: ${lastLine(output)}`)
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) || 'it printed nothing'
}

const INSTALL_MS_MAX = 600_000

function runProgram(command: string, args: readonly string[]): Ran {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: INSTALL_MS_MAX })
  return { status, output: `${stdout ?? ''}${stderr ?? ''}` }
}
