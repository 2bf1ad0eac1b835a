// Reads which labels the setting `segments` names, and takes those of a search (M4).

import type { Labels } from '../events/event.ts'

/**
 * Up to three different names of labels, joined by commas. The AWS SDK cannot write a map
 * with the key `constructor` or `__proto__`, so neither is among them.
 */
export const SEGMENTS_PATTERN =
  /^(?!(?:.*,)?([a-z0-9_-]+),(?:.*,)?\1(?:,|$))(?!(?:.*,)?(?:constructor|__proto__)(?:,|$))[a-z0-9_-]{1,32}(?:,[a-z0-9_-]{1,32}){0,2}$/

/** @param sent a text of `SEGMENTS_PATTERN`, or an empty one for no names. */
export function segmentNames(sent: string): readonly string[] {
  return sent === '' ? [] : sent.split(',')
}

/** Returns undefined where the search has none of the named labels. */
export function namedLabels(labels: Labels | undefined, segments: readonly string[]): Labels | undefined {
  if (labels === undefined || segments.length === 0) return undefined
  const named = Object.entries(labels).filter(([name]) => segments.includes(name))
  return named.length === 0 ? undefined : Object.fromEntries(named)
}
