// Bundles what the compiled package holds beside its compiled sources: CommonJS builds, the
// functions' code, the scripts of pages and the emulators.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type BuildOptions, build, buildSync, type Metafile, type Plugin } from 'esbuild'
import { BUNDLES_FOLDER, bundleStep, STEPS } from '../../infra/bundle.ts'
import { bundledScript, REPORT_SCRIPT } from '../../report/page-assets.ts'
import { WATCH_SCRIPT } from '../../watch/watch-page.ts'
import { ROOT } from './compiled-sources.ts'

const FOR_NODE = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node20',
  metafile: true,
  logLevel: 'warning',
} as const satisfies BuildOptions

/** CommonJS has no `import.meta`. */
const MODULE_ADDRESS = {
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
} as const satisfies BuildOptions

/** Kinesalite requires each action by name. esbuild finds such files only with their extension. */
const COMPUTED_REQUIRES: Plugin = {
  name: 'computed requires have an extension',
  setup: ({ onLoad }) => {
    onLoad({ filter: /kinesalite[/\\]index\.js$/ }, ({ path }) => {
      return { contents: readFileSync(path, 'utf8').replace(/('\.\/\w+\/' \+ action)\)/g, "$1 + '.js')") }
    })
  },
}

/** Bundles a source file as CommonJS. The packages that it imports stay dependencies. */
export function bundleCommonJs(source: string, file: string): void {
  buildSync({
    ...FOR_NODE,
    ...MODULE_ADDRESS,
    entryPoints: [source],
    outfile: file,
    format: 'cjs',
    packages: 'external',
    sourcemap: true,
  })
}

/**
 * Bundles the producer with all that it needs but the client of Kinesis. The ES module keeps its
 * names, for stack traces. Source maps would be larger than all else in the package.
 */
export function bundleProducer(folder: string): Metafile[] {
  return (['esm', 'cjs'] as const).map((format) => {
    return buildSync({
      ...FOR_NODE,
      entryPoints: ['producer/producer.ts'],
      outfile: join(folder, format === 'esm' ? 'producer.js' : 'producer.cjs'),
      format,
      mainFields: ['module', 'main'],
      external: ['@aws-sdk/client-kinesis'],
      minifyWhitespace: true,
      minifySyntax: true,
      minifyIdentifiers: format === 'cjs',
    }).metafile
  })
}

/** Writes the bundle of each function, as CDK deploys it from a checkout. */
export function bundleFunctions(folder: string): Metafile[] {
  return STEPS.map((step) => {
    const target = join(folder, BUNDLES_FOLDER, step)
    mkdirSync(target, { recursive: true })
    return bundleStep(step, target)
  })
}

/** Bundles the scripts of the report and of the page to watch. */
export function bundlePageScripts(folder: string): void {
  const scripts = { 'report/browser/main.js': REPORT_SCRIPT, 'watch/browser/main.js': WATCH_SCRIPT }
  for (const [path, entry] of Object.entries(scripts)) {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, bundledScript(entry))
  }
}

/**
 * Bundles packages beside the compiled file that imports them, so that they are no dependencies.
 * CommonJS keeps the looser rules that kinesalite was written for.
 *
 * @param external packages that stay dependencies.
 */
export async function bundleImports(
  file: string,
  packages: readonly string[],
  external: readonly string[],
): Promise<Metafile> {
  const { metafile } = await build({
    ...FOR_NODE,
    entryPoints: [...packages],
    outdir: dirname(file),
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    minify: true,
    external: [...external],
    plugins: [COMPUTED_REQUIRES],
  })
  const text = packages.reduce(
    (before, name) => before.replace(`from '${name}'`, `from './${name}.cjs'`),
    readFileSync(file, 'utf8'),
  )
  writeFileSync(file, text)
  return metafile
}
