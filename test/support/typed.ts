// The commands as a user types them: arguments, input and a folder in; what is printed, and the exit code, out.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const PROGRAM = fileURLToPath(new URL('../../cli/search-ctr.mjs', import.meta.url))

export interface Typed {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Without the AWS configuration of whoever runs the tests. */
const NO_AWS = {
  AWS_ACCESS_KEY_ID: '',
  AWS_SECRET_ACCESS_KEY: '',
  AWS_PROFILE: '',
  AWS_REGION: '',
  AWS_DEFAULT_REGION: '',
  AWS_CONFIG_FILE: '/no/such/file',
  AWS_SHARED_CREDENTIALS_FILE: '/no/such/file',
  AWS_EC2_METADATA_DISABLED: 'true',
  DEBUG: '',
} as const

export function typed(
  args: readonly string[],
  cwd: string,
  input = '',
  env: Readonly<Record<string, string>> = {},
  onStderr: (text: string) => void = () => {},
): Promise<Typed> {
  const set = Object.entries({ ...process.env, ...NO_AWS, ...env }).filter(([, value]) => value !== '')
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd, env: Object.fromEntries(set) })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (text) => {
    stdout += text
  })
  child.stderr.on('data', (text) => {
    stderr += text
    onStderr(stderr)
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, stdout, stderr })))
}

/** What was printed with `--json`: every line has to be an object. */
export function objectsIn(stdout: string): Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
