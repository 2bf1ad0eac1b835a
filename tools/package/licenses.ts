// Writes the licenses of the packages whose code is in bundles.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'
import { ROOT } from './compiled-sources.ts'

/** The licenses that bundled code may have. */
const ALLOWED = new Set(['MIT', 'Apache-2.0', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0'])
const LICENSE_FILE = /^licen[cs]e(\.\w+)?$/i
/** Matches the line of a holder, but not the terms that speak of copyright. */
const COPYRIGHT = /^[ \t]*(?:copyright|\(c\))[ \t].*\d{4}.*$/gim
/** Matches up to the last package in a path. */
const PACKAGE_FOLDER = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/

interface License {
  /** Name, version and license of the package, and the holders of the copyright. */
  readonly title: string
  readonly terms: string
}

/** Lists each bundled package, and equal terms once. Throws for a license that is not allowed. */
export function bundledLicenses(metafiles: readonly Metafile[]): string {
  const inputs = metafiles.flatMap(({ outputs }) => Object.values(outputs).flatMap((output) => usedInputs(output)))
  const folders = new Set(inputs.flatMap((path) => PACKAGE_FOLDER.exec(path)?.[0] ?? []))
  const byTerms = new Map<string, { terms: string; titles: Set<string> }>()
  for (const { title, terms } of [...folders].sort().map((folder) => licenseOf(join(ROOT, folder)))) {
    const key = terms.replace(/\s+/g, ' ').trim()
    const group = byTerms.get(key) ?? { terms, titles: new Set() }
    group.titles.add(title)
    byTerms.set(key, group)
  }
  const parts = [...byTerms.values()].map(({ terms, titles }) => `${[...titles].join('\n')}\n\n${terms.trim()}\n`)
  return `Code of these packages is in the bundles of this package.\n\n${parts.join('\n---\n\n')}`
}

function usedInputs({ inputs }: Metafile['outputs'][string]): string[] {
  return Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : []))
}

function licenseOf(folder: string): License {
  const { name, version, license: stated } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  // Packages of npm's first years state an object.
  const license = typeof stated === 'string' ? stated : stated?.type
  if (!ALLOWED.has(license)) throw new Error(`the license of ${name} is ${license}, which is not allowed in a bundle`)
  const file = readdirSync(folder).find((one) => LICENSE_FILE.test(one))
  const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8')
  const holders = text.match(COPYRIGHT)?.map((line) => `  ${line.trim()}`) ?? []
  return { title: [`${name} ${version}, ${license}`, ...holders].join('\n'), terms: text.replace(COPYRIGHT, '') }
}
