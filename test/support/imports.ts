// Reads the imports of a source file, and finds the circles that imports make.

import { posix } from 'node:path'

export interface SourceFile {
  /** From the project's root, with slashes. */
  readonly path: string
  readonly text: string
}

export interface Import {
  /** Null where the program computes it, so that no test can check the import. */
  readonly specifier: string | null
  /** True where the import imports only types, which no longer exist at run time. */
  readonly isTypeOnly: boolean
  /** True where the program imports by a call, so that the module is loaded only then. */
  readonly isCalled: boolean
}

const FROM =
  /(?:^|;)\s*(?:import|export)\s*(?<clause>[\w$*\s{},]*?)\s*\bfrom\s*(?<quote>['"])(?<specifier>.*?)\k<quote>/gm
const BARE = /(?:^|;)\s*import\s*(?<quote>['"])(?<specifier>.*?)\k<quote>/gm
const CALLED = /\b(?:import|require)\s*\(\s*(?:(?<quote>['"`])(?<specifier>[^'"`$]*)\k<quote>\s*[,)])?/g

/** @param code without comments: see `withoutComments`. */
export function importsIn(code: string): Import[] {
  const found = (pattern: RegExp, isCalled: boolean): Import[] =>
    [...code.matchAll(pattern)].map(({ groups }) => ({
      specifier: groups?.specifier ?? null,
      isTypeOnly: isOfTypes(groups?.clause ?? ''),
      isCalled,
    }))
  return [...found(FROM, false), ...found(BARE, false), ...found(CALLED, true)]
}

/** Matches `type A`, `type { A }` and `{ type A, type B }`. */
function isOfTypes(clause: string): boolean {
  if (/^type\b/.test(clause)) return true
  const names = /^\{(?<names>.*)\}$/s.exec(clause)?.groups?.names ?? ''
  const listed = names.split(',').filter((name) => name.trim() !== '')
  return listed.length > 0 && listed.every((name) => /^\s*type\s/.test(name))
}

/** Removes comments but not strings, so that the `//` of an address stays. */
export function withoutComments(text: string): string {
  const parts = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g
  return text.replace(parts, (part) => (/^\/[/*]/.test(part) ? ' ' : part))
}

/** Resolves a relative specifier to a path from the root. Returns that of a package as it is. */
export function targetOf(specifier: string, path: string): string {
  return specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier
}

/** Returns what a start at the path loads: files by their paths, and packages by their names. */
export function loadedAt(path: string, read: (path: string) => string, loaded = new Set<string>()): Set<string> {
  for (const { specifier, isTypeOnly, isCalled } of importsIn(withoutComments(read(path)))) {
    const target = specifier === null || isTypeOnly || isCalled ? path : targetOf(specifier, path)
    if (target === path || loaded.has(target)) continue
    loaded.add(target)
    if (target.endsWith('.ts')) loadedAt(target, read, loaded)
  }
  return loaded
}

/**
 * Finds the circles of imports, those by types included. Each is a list of paths in which every
 * file imports the next, and the last imports the first.
 */
export function circles(files: readonly SourceFile[]): string[][] {
  const known = new Set(files.map(({ path }) => path))
  const targets = new Map(
    files.map(({ path, text }) => [
      path,
      importsIn(withoutComments(text))
        .flatMap(({ specifier }) => (specifier === null ? [] : targetOf(specifier, path)))
        .filter((target) => known.has(target)),
    ]),
  )
  const found: string[][] = []
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) found.push(trail.slice(start))
    if (start >= 0 || done.has(path)) return
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of known) visit(path, [])
  return found
}
