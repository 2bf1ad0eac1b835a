// Synthesizes the CDK app into the template and the bundles that `cdk deploy` ships.

import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from '../../terminal/user-error.ts'
import type { Template } from './template.ts'

/** Holds `cdk.json`, and the sources or the compiled ones. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface SynthesizedApp {
  /** Holds the bundles that the template names. It is removed when this process ends. */
  readonly folder: string
  readonly template: Template
}

/** Runs the CDK app into the folder, in a process of its own, as the CDK command line does. */
export async function synthesize(folder: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const { app, context } = JSON.parse(await readFile(join(ROOT, 'cdk.json'), 'utf8'))
  const [command, ...args] = String(app).split(' ') as [string, ...string[]]
  const { exitCode, output } = await runProgram(command === 'node' ? process.execPath : command, args, {
    ...process.env,
    CDK_OUTDIR: folder,
    // The checks take longer than all else. `cdk synth` and a test of the stack run them.
    CDK_VALIDATION: 'false',
    // As the CDK command line sets it, the template names the bundle of each function.
    CDK_CONTEXT_JSON: JSON.stringify({ ...context, ...settings, 'aws:cdk:enable-asset-metadata': true }),
  })
  if (exitCode !== 0) throw synthesisError(output)
}

/** Reads the template of the stack in the folder of a synthesized app. */
export async function templateIn(folder: string): Promise<Template> {
  const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as Manifest
  const stack = Object.values(manifest.artifacts).find((artifact) => artifact.type === 'aws:cloudformation:stack')
  if (stack === undefined) throw new Error('the CDK app synthesizes no stack')
  return JSON.parse(await readFile(join(folder, stack.properties.templateFile), 'utf8')) as Template
}

/** The app prints the error of a setting as one line and nothing else. */
const SETTING_ERROR = /^setting .+$/
/** Node prints the error of a defect, and its stack trace below it. */
const THROWN_ERROR = /^\w*Error: .+$/m

/** @param output all that the CDK app printed. */
export function synthesisError(output: string): Error {
  const text = output.trim()
  if (SETTING_ERROR.test(text)) return new UserError(text)
  const error = new Error(`the CDK app does not synthesize: ${THROWN_ERROR.exec(text)?.[0] ?? text.split('\n').at(-1)}`)
  error.stack = `${error.message}\n${text}`
  return error
}

interface Manifest {
  readonly artifacts: Readonly<
    Record<string, { readonly type: string; readonly properties: { readonly templateFile: string } }>
  >
}

/** Runs a program in the project's folder, and returns all that it printed. */
export function runProgram(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ exitCode: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (text) => (output += text))
    child.stderr.on('data', (text) => (output += text))
    child.on('error', reject)
    child.on('close', (exitCode) => resolve({ exitCode, output }))
  })
}
