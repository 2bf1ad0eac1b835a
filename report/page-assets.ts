// Reads the style of pages, and reads or bundles the scripts that run in the browser. Hashes both
// for the policies of pages.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** The compiled package has the bundled script in place of its sources. */
const IS_COMPILED = !import.meta.url.endsWith('.ts')

/** The script of the report. */
export const REPORT_SCRIPT = new URL('browser/main.ts', import.meta.url)

export function reportStyle(): string {
  return readFileSync(new URL('report.css', import.meta.url), 'utf8')
}

/** @param entry the address of the script's first source file, as in a checkout. */
export function browserScript(entry: URL): string {
  return IS_COMPILED ? readFileSync(new URL(entry.href.replace(/\.ts$/, '.js')), 'utf8') : bundledScript(entry)
}

/** Bundles the script. Only a checkout has esbuild. */
export function bundledScript(entry: URL): string {
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild')
  const built = buildSync({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    write: false,
    // Otherwise esbuild would read a tsconfig.json in the folder where the command runs.
    tsconfigRaw: {},
  })
  return built.outputFiles[0]?.text ?? ''
}

/** Returns the source by which a Content-Security-Policy allows this style or script alone. */
export function contentHash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
