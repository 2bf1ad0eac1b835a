// Bundles a function's handler, and all that it imports, as minified modules.

import { cpSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { BuildOptions, Metafile } from 'esbuild'

export const STEPS = ['ingest', 'sweep', 'finalize', 'rollup'] as const

export type Step = (typeof STEPS)[number]

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** The compiled package has the bundles of its version in this folder, and needs no esbuild. */
export const BUNDLES_FOLDER = 'bundles'

const IS_COMPILED = !import.meta.url.endsWith('.ts')

/** The options for every function, and for the bundles that benches measure. */
export const BUNDLING = {
  // esbuild digests paths into the names of chunks. Paths from here make the names the same in
  // every checkout. An installed package has other names: its dependencies lie beside it.
  absWorkingDir: ROOT,
  bundle: true,
  format: 'esm',
  // A module that code imports by a call is a chunk of its own, which Node loads at that call.
  splitting: true,
  outExtension: { '.js': '.mjs' },
  platform: 'node',
  // The oldest Node that runs the bundles on a developer's machine. Lambda's Node is newer.
  target: 'node20',
  // The SDK's ES modules are a third smaller than its CommonJS ones. The bundle holds the SDK, so
  // Lambda runs the tested version.
  mainFields: ['module', 'main'],
  minify: true,
  // Some dependencies of the SDK still call require.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  metafile: true,
} as const satisfies BuildOptions

/** Writes the modules of the step to the folder: a checkout bundles them, a package has them. */
export function writeBundle(step: Step, folder: string): void {
  if (IS_COMPILED) cpSync(`${ROOT}${BUNDLES_FOLDER}/${step}`, folder, { recursive: true })
  else bundleStep(step, folder)
}

/**
 * Writes the handler to `index.mjs` in the folder. Returns which modules esbuild wrote and what
 * each imports.
 */
export function bundleStep(step: Step, folder: string): Metafile {
  // Only a checkout has esbuild.
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild')
  const entryPoints = { index: `${ROOT}functions/${step}/handler.ts` }
  return buildSync({ ...BUNDLING, entryPoints, outdir: folder, logLevel: 'warning' }).metafile
}
