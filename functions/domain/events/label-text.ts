// Writes the labels of a search as one text for a person to read.

import type { Labels } from './event.ts'

/** Returns `application=shop variant=B`, by name, or an empty text where there are none. */
export function labelText(labels: Labels | undefined): string {
  return Object.entries(labels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${/^[^\s="]+$/.test(value) ? value : JSON.stringify(value)}`)
    .join(' ')
}
