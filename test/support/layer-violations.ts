// Finds the rules of the layers that a source file breaks.

import { type Import, importsIn, type SourceFile, targetOf, withoutComments } from './imports.ts'
import type { Layer } from './layer-patterns.ts'
import { LAYERS } from './layers.ts'

/** Returns one sentence for each broken rule; each begins with the path. */
export function violations({ path, text }: SourceFile): string[] {
  const layer = LAYERS.find(({ files }) => files.test(path))
  if (layer === undefined) return [`${path} belongs to no layer`]
  const code = withoutComments(text)
  const refused = importsIn(code).filter((found) => !isAllowed(found, path, layer))
  const forbidden = Object.entries(layer.forbids ?? {}).filter(([, pattern]) => pattern.test(code))
  return [
    ...refused.map(({ specifier }) => `${path} (${layer.name}) imports ${specifier ?? 'a computed name'}`),
    ...forbidden.map(([what]) => `${path} (${layer.name}) uses ${what}`),
    ...(/^\s*export\s+default\b/m.test(code) && !path.endsWith('.d.ts') ? [`${path} has a default export`] : []),
    ...(/(^|[-./])(util|helper|manager|service)s?([-./]|$)|(^|[-./])common([-./]|$)/.test(path)
      ? [`${path} has a name without a meaning`]
      : []),
    ...(text.startsWith('// ') ? [] : [`${path} does not begin with a comment`]),
  ]
}

function isAllowed({ specifier, isTypeOnly }: Import, path: string, layer: Layer): boolean {
  if (specifier === null) return false
  const target = targetOf(specifier, path)
  const allowed = [...layer.imports, ...(isTypeOnly ? (layer.importsAsTypes ?? []) : [])]
  return allowed.some((pattern) => pattern.test(target))
}
