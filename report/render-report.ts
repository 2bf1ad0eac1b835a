// Renders a report as one HTML file, with its style and its script.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import type { ReportData } from './report-data.ts'
import { reportHtml } from './report-html.ts'

export function renderReport(data: ReportData): string {
  const style = readFileSync(new URL('report.css', import.meta.url), 'utf8')
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
  return reportHtml(data, { style, script: built.outputFiles[0]?.text ?? '' })
}
