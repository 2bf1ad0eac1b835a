// Renders a report as one HTML file, with its style and its script.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { ReportData } from './report-data.ts'
import { reportHtml } from './report-html.ts'

/** The compiled package has the bundled script in place of its sources. */
const IS_COMPILED = !import.meta.url.endsWith('.ts')

export function renderReport(data: ReportData): string {
  const style = readFileSync(new URL('report.css', import.meta.url), 'utf8')
  const script = IS_COMPILED ? readFileSync(new URL('browser/main.js', import.meta.url), 'utf8') : bundledScript()
  return reportHtml(data, { style, script })
}

/** Bundles the script that runs in the browser. Only a checkout has esbuild. */
export function bundledScript(): string {
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild')
  const built = buildSync({
    entryPoints: [fileURLToPath(new URL('browser/main.ts', import.meta.url))],
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
