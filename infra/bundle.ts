// The code of a function: a step and an empty folder in, its handler and all that it imports as minified modules in the folder out.

import { fileURLToPath } from 'node:url'
import { type BuildOptions, buildSync, type Metafile } from 'esbuild'

export type Step = 'ingest' | 'sweep' | 'finalize' | 'rollup'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Of every function, and of what is measured beside them. */
export const BUNDLING = {
  // Names of chunks are digests that paths go into. So they are the same wherever a checkout lies; an installed package
  // has others, since what it depends on lies beside it and not in it.
  absWorkingDir: ROOT,
  bundle: true,
  format: 'esm',
  // What is imported by a call is a chunk of its own, which is read when it is called for.
  splitting: true,
  outExtension: { '.js': '.mjs' },
  platform: 'node',
  // The oldest Node that runs the bundles locally; Lambda's is newer.
  target: 'node20',
  // The SDK's module builds are a third smaller than its CommonJS ones, and it is bundled so that it is the tested one.
  mainFields: ['module', 'main'],
  minify: true,
  // Some dependencies of the SDK still call require.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  metafile: true,
} as const satisfies BuildOptions

/** The handler is in `index.mjs`; which modules there are and what each imports is returned. */
export function bundleStep(step: Step, folder: string): Metafile {
  const entryPoints = { index: `${ROOT}functions/${step}/handler.ts` }
  return buildSync({ ...BUNDLING, entryPoints, outdir: folder, logLevel: 'warning' }).metafile
}
