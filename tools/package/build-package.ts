// Builds the files of both packages: the whole project, and the producer alone.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleCommonJs, bundleFunctions, bundleImports, bundlePageScripts, bundleProducer } from './bundled-code.ts'
import { compileSources, ROOT } from './compiled-sources.ts'
import { copyDeclarations, writeCommonJsDeclarations } from './declarations.ts'
import { bundledLicenses } from './licenses.ts'

/** The sources that a package exports, without their extension. */
const EXPORTED = ['infra/search-ctr', 'producer/event', 'producer/producer']
/** Imports the emulators of Kinesis and S3, which bring eighty packages. */
const EMULATORS = 'local/emulators/endpoints.js'
const LICENSES = 'THIRD-PARTY-LICENSES.txt'

/** Builds the whole project into the folder, which it empties first. */
export async function buildPackage(folder: string): Promise<void> {
  compileSources(folder)
  for (const name of EXPORTED) {
    bundleCommonJs(`${name}.ts`, join(folder, `${name}.cjs`))
    writeCommonJsDeclarations(folder, `${name}.d.ts`)
  }
  bundlePageScripts(folder)
  const emulators = await bundleImports(join(folder, EMULATORS), ['fauxqs', 'kinesalite'], ['leveldown'])
  writeFileSync(join(folder, LICENSES), bundledLicenses([...bundleFunctions(folder), emulators]))
}

/** Builds the producer's own package into the folder, which it empties first. */
export function buildProducer(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  const metafiles = bundleProducer(folder)
  writeFileSync(join(folder, LICENSES), bundledLicenses(metafiles))
}

/** Writes the type declarations of the producer's own package. */
export function declareProducer(folder: string): void {
  const compiled = mkdtempSync(join(tmpdir(), 'search-session-ctr-'))
  try {
    compileSources(compiled)
    copyDeclarations(compiled, 'producer/producer.d.ts', folder)
    writeCommonJsDeclarations(folder, 'producer.d.ts')
  } finally {
    rmSync(compiled, { recursive: true, force: true })
  }
}

export const MAIN_FOLDER = join(ROOT, 'dist')
export const PRODUCER_FOLDER = join(ROOT, 'producer/dist')
