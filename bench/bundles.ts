// Bundles of functions as the stack makes them: a step or a bare client in, a folder with code that tells what it took out.

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

export const STEPS = ['ingest', 'sweep', 'finalize'] as const
export type Step = (typeof STEPS)[number]

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** What a function with the SDK alone would be. */
const BARE_CLIENT = `
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
const client = DynamoDBDocumentClient.from(new DynamoDBClient({}))
export const handler = () => client.send(new GetCommand({ TableName: 'bare', Key: { pk: 'a', sk: 'b' } }))`

/** Told with the reply of each invocation. */
export interface Taken {
  /** CPU until the code was loaded, what Node itself takes included. */
  readonly startCpuMs: number
  readonly cpuMs: number
  readonly ms: number
}

function measuring(handler: string): string {
  return `${handler}
const { user, system } = process.cpuUsage()
const startCpuMs = (user + system) / 1000
export async function handler(event, context) {
  const before = process.cpuUsage()
  const startedMs = performance.now()
  await measured(event, context)
  const { user, system } = process.cpuUsage(before)
  return { startCpuMs, cpuMs: (user + system) / 1000, ms: performance.now() - startedMs }
}`
}

export type Bundle = Step | 'bare' | 'empty'

/** The options of `infra/pipeline-function.ts`; the folder has a folder for each bundle. */
export async function makeBundle(bundle: Bundle, folder: string): Promise<{ readonly bytes: number }> {
  const code = {
    empty: 'const measured = async () => {}',
    bare: BARE_CLIENT.replace('export const handler', 'const measured'),
    ...Object.fromEntries(STEPS.map((step) => [step, importOf(step)])),
  }[bundle as string] as string
  const outfile = join(folder, bundle, 'index.mjs')
  await build({
    stdin: { contents: measuring(code), resolveDir: ROOT, loader: 'ts' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    minify: true,
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  })
  return { bytes: (await stat(outfile)).size }
}

function importOf(step: Step): string {
  return `import { handler as measured } from './functions/${step}/handler.ts'`
}
