// Stores the synthesized app in a data folder, so that the next run on it starts within seconds.

import { createHash } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type SynthesizedApp, synthesizedApp, templateIn } from './synthesized-app.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** The app is made of these files, of installed packages, and of the settings. */
const SOURCES = ['functions', 'infra', 'cdk.json', 'package.json', 'tsconfig.json']

/**
 * Returns the app that an earlier run stored in the folder. Synthesizes if that app is damaged, or
 * was made of something else.
 */
export async function storedApp(
  dataFolder: string,
  settings: Readonly<Record<string, string>>,
  synthesize = synthesizedApp,
): Promise<SynthesizedApp> {
  const packages = installedPackages()
  if (packages === null) return synthesize(settings)
  const stored = join(dataFolder, 'app')
  const record = join(dataFolder, 'app.json')
  const madeOf = sourcesDigest(ROOT, [packages, process.version, JSON.stringify(Object.entries(settings).sort())])
  const wholeRecord = (): string => JSON.stringify({ madeOf, holds: filesDigest(stored, ['.']) })
  if (textOrNull(record) === wholeRecord()) return { folder: stored, template: await templateIn(stored) }
  const app = await synthesize(settings)
  rmSync(stored, { recursive: true, force: true })
  cpSync(app.folder, stored, { recursive: true })
  writeFileSync(record, wholeRecord())
  return app
}

/** Returns a digest of the sources below the root, and of the further texts. */
export function sourcesDigest(root: string, texts: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([filesDigest(root, SOURCES), ...texts]))
    .digest('hex')
}

/** Digests names and contents. A file or folder that does not exist counts as empty. */
function filesDigest(root: string, paths: readonly string[]): string {
  const digest = createHash('sha256')
  for (const file of paths.flatMap((path) => filesIn(join(root, path)))) {
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
  return textOrNull(join(dirname(dirname(esbuild)), '.package-lock.json'))
}

function textOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
