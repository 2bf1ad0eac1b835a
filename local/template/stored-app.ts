// Stores the synthesized app in a data folder, so that the next run on it starts within seconds.

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runProgram, type SynthesizedApp, synthesisError, synthesizedApp, templateIn } from './synthesized-app.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const STORE_APP = fileURLToPath(new URL('store-app.ts', import.meta.url))
/** The app is made of these files, of installed packages, and of the settings. */
const SOURCES = ['functions', 'infra', 'cdk.json', 'package.json', 'tsconfig.json']
/** The name has a digest of what the app is made of. A process number marks an unfinished copy. */
const STORED_NAME = /^synthesized-[0-9a-f]{16}(\.\d+)?$/

/** Stores the app first, if no earlier run stored one that was made of the same. */
export async function storedApp(
  dataFolder: string,
  settings: Readonly<Record<string, string>>,
  store = storeInOwnProcess,
): Promise<SynthesizedApp> {
  const packages = installedPackages()
  if (packages === null) return synthesizedApp(settings)
  const madeOf = [packages, process.version, JSON.stringify(Object.entries(settings).sort())]
  const name = `synthesized-${sourcesDigest(ROOT, madeOf).slice(0, 16)}`
  for (const other of readdirSync(dataFolder)) {
    if (!STORED_NAME.test(other) || other === name) continue
    rmSync(join(dataFolder, other), { recursive: true, force: true, maxRetries: 5 })
  }
  const folder = join(dataFolder, name)
  if (!existsSync(folder)) await store(folder, settings)
  return { folder, template: await templateIn(folder) }
}

/** The process goes on if this one is killed, so that the next run finds the app. */
async function storeInOwnProcess(folder: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const args = ['--import', 'tsx', STORE_APP, folder, JSON.stringify(settings)]
  const { exitCode, output } = await runProgram(process.execPath, args, process.env)
  if (exitCode !== 0) throw synthesisError(output)
}

/** Returns a digest of the sources below the root, and of the further texts. */
export function sourcesDigest(root: string, texts: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(texts))
  for (const file of SOURCES.flatMap((path) => filesIn(join(root, path)))) {
    const contents = readFileSync(file)
    digest.update(`${relative(root, file)}\0${contents.length}\0`).update(contents)
  }
  return digest.digest('hex')
}

function filesIn(path: string): string[] {
  try {
    const entries = readdirSync(path, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTDIR') return [path]
    if (code === 'ENOENT') return []
    throw error
  }
}

/** Returns npm's record of the packages that it installed, or null where it left none. */
function installedPackages(): string | null {
  const esbuild = createRequire(import.meta.url).resolve('esbuild/package.json')
  try {
    return readFileSync(join(dirname(dirname(esbuild)), '.package-lock.json'), 'utf8')
  } catch {
    return null
  }
}
