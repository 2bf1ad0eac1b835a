// Compiles the sources to JavaScript with type declarations and source maps, one file for each.

import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nameCompiledFiles } from './declarations.ts'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The compiler leaves these files and this folder as they are. */
export const COPIED = [
  'local/emulators/tied-process.mjs',
  'local/lambda/function-runtime.mjs',
  'report/report.css',
  'starter',
  'watch/watch.css',
]

/** Empties the folder first. Throws if the sources have errors. */
export function compileSources(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
  const args = [compiler, '-p', 'tsconfig.build.json', '--outDir', folder]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
  if (status !== 0) throw new Error(`the sources do not compile:\n${stdout}${stderr}`)
  nameCompiledFiles(folder)
  for (const path of COPIED) cpSync(join(ROOT, path), join(folder, path), { recursive: true })
  writeFileSync(join(folder, 'cdk.json'), compiledApp(readFileSync(join(ROOT, 'cdk.json'), 'utf8')))
  writeFileSync(join(folder, 'package.json'), compiledPackage(readFileSync(join(ROOT, 'package.json'), 'utf8')))
}

/** The local run starts the app that `cdk.json` names. */
function compiledApp(json: string): string {
  return `${JSON.stringify({ ...JSON.parse(json), app: 'node infra/app.js' }, null, 2)}\n`
}

/** Node reads the kind of module from the nearest `package.json`, and the command its version. */
function compiledPackage(json: string): string {
  const { name, version, type } = JSON.parse(json)
  return `${JSON.stringify({ name, version, type }, null, 2)}\n`
}
