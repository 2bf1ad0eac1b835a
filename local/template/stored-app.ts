// Takes the synthesized app from the cache, so that a run starts without synthesizing it again.

import { rmSync, statSync } from 'node:fs'
import { mkdtemp, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { appsFolder, beginApp, takeApp } from './app-cache.ts'
import { filesDigest } from './files-digest.ts'
import { ROOT, runProgram, type SynthesizedApp, synthesize, templateIn } from './synthesized-app.ts'

/** The app is made of these files, of installed packages, and of the settings. */
const SOURCES = ['functions', 'infra', 'bundles', 'cdk.json', 'package.json', 'tsconfig.json']

const apps = new Map<string, Promise<SynthesizedApp>>()

/**
 * Returns the app for these settings. One process takes it once, and several runs in it share it.
 * Callers must not change what they get.
 *
 * @param env names the folder of the cache.
 */
export function storedApp(settings: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv): Promise<SynthesizedApp> {
  const key = settingsText(settings)
  const app = apps.get(key) ?? appInTemporaryFolder(settings, env)
  apps.set(key, app)
  // A failure may be of the moment, such as a full disk, so the next run tries again.
  app.catch(() => apps.delete(key))
  return app
}

function settingsText(settings: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(settings).sort())
}

async function appInTemporaryFolder(
  settings: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv,
): Promise<SynthesizedApp> {
  const folder = await mkdtemp(join(tmpdir(), 'search-session-ctr-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  await fillFolder(folder, settings, env)
  return { folder, template: await templateIn(folder) }
}

/** Fills the folder with the app: from the cache, or else by synthesizing it. */
export async function fillFolder(
  folder: string,
  settings: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv,
  { root = ROOT, store = storeInOwnProcess, make = synthesize } = {},
): Promise<void> {
  const name = await appName(settings, root)
  const cache = name === null ? null : appsFolder(env)
  if (name !== null && cache !== null) {
    if (takeApp(cache, name, folder)) return
    const unfinished = beginApp(cache, name)
    if (unfinished !== null) await store(unfinished, settings)
    if (takeApp(cache, name, folder)) return
  }
  await make(folder, settings)
}

/**
 * Returns a digest of what the app is made of, or null where no record shows which packages are
 * installed.
 */
export async function appName(settings: Readonly<Record<string, string>>, root = ROOT): Promise<string | null> {
  const packages = await installedPackages()
  if (packages === null) return null
  return filesDigest(root, SOURCES, [packages, process.version, settingsText(settings)]).slice(0, 32)
}

/** The process goes on if this one is killed, so that the next run finds the app. */
async function storeInOwnProcess(folder: string, settings: Readonly<Record<string, string>>): Promise<void> {
  // A checkout runs TypeScript, and the package is compiled.
  const extension = extname(import.meta.url)
  const program = fileURLToPath(new URL(`store-app${extension}`, import.meta.url))
  const loader = extension === '.ts' ? ['--import', 'tsx'] : []
  await runProgram(process.execPath, [...loader, program, folder, JSON.stringify(settings)], process.env)
}

/** Records that npm, pnpm and Yarn leave of the packages that they installed. */
const RECORDS = ['.package-lock.json', '.pnpm/lock.yaml', '.yarn-state.yml', '.yarn-integrity']

/** Returns the record of the installed packages, or null where there is none. */
async function installedPackages(): Promise<string | null> {
  let folder = fileURLToPath(import.meta.url)
  try {
    folder = createRequire(import.meta.url).resolve('aws-cdk-lib/package.json')
  } catch {
    // Without the package the synthesis fails, and reports so.
  }
  while (folder !== dirname(folder)) {
    folder = dirname(folder)
    const record = RECORDS.map((name) => join(folder, name)).find(isFile)
    if (record !== undefined) return readFile(record, 'utf8')
  }
  return null
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
