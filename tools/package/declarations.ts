// Makes the type declarations of a compiled folder resolve in every kind of TypeScript project.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** Matches a relative import of a declaration, such as `from './event.ts'`. */
const RELATIVE_IMPORT = /(from |import\()(['"])(\.{1,2}\/[^'"]+)\.(?:ts|js)\2/g

/** The compiler leaves the sources' `.ts` in the imports of declarations. */
export function nameCompiledFiles(folder: string): void {
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.d.ts')) continue
    const file = join(folder, path)
    writeFileSync(file, withExtension(readFileSync(file, 'utf8'), '.js'))
  }
}

/**
 * Writes the declarations that the entry needs beside their originals as `.d.cts`, which
 * TypeScript reads for `require`.
 */
export function writeCommonJsDeclarations(folder: string, entry: string): void {
  for (const path of neededDeclarations(folder, entry)) {
    const text = readFileSync(join(folder, path), 'utf8')
    writeFileSync(join(folder, path.replace(/\.d\.ts$/, '.d.cts')), withExtension(text, '.cjs'))
  }
}

/** Copies the declarations that the entry needs, which have to be in the entry's folder. */
export function copyDeclarations(folder: string, entry: string, target: string): void {
  mkdirSync(target, { recursive: true })
  for (const path of neededDeclarations(folder, entry)) {
    if (dirname(path) !== dirname(entry)) throw new Error(`${entry} needs ${path}, which the package does not have`)
    writeFileSync(join(target, path.slice(dirname(entry).length + 1)), readFileSync(join(folder, path)))
  }
}

/** Returns the paths of the entry and of all that it imports, one through the other. */
function neededDeclarations(folder: string, entry: string): ReadonlySet<string> {
  const needed = new Set([entry])
  for (const path of needed) {
    const text = readFileSync(join(folder, path), 'utf8')
    for (const [, , , imported = ''] of text.matchAll(RELATIVE_IMPORT)) {
      needed.add(`${normalize(join(dirname(path), imported))}.d.ts`)
    }
  }
  return needed
}

function withExtension(text: string, extension: string): string {
  return text.replace(RELATIVE_IMPORT, (_, before, quote, path) => `${before}${quote}${path}${extension}${quote}`)
}
