// Compares the output that a page shows with what a command printed.

import type { Block } from './page-blocks.ts'

type Expected = NonNullable<Block['expected']>

export interface Difference {
  /** Line of the page, from 1. */
  readonly line: number
  readonly expected: string
  readonly printed: string
}

/**
 * Blanks at the ends of lines do not count. There are three wildcards:
 * - a line `...` stands for any lines;
 * - `...` at the end of a line stands for the rest of it;
 * - a text in the page's comment `varies: a, b` stands for any text without blanks. The blanks of
 *   its line may then differ too, since columns are as wide as their texts.
 *
 * @returns null if both agree, else the first line of the page that differs.
 */
export function differenceOf(expected: Expected, printed: string): Difference | null {
  const wanted = linesOf(expected.text).map((text) => ({ text, pattern: linePattern(text, expected.varies) }))
  const lines = linesOf(printed)
  const { furthest, isSame } = matchLines(
    wanted.map(({ pattern }) => pattern),
    lines,
  )
  if (isSame) return null
  return {
    line: expected.line + furthest.wanted,
    expected: wanted[furthest.wanted]?.text ?? '(no more)',
    printed: lines[furthest.printed] ?? '(no more)',
  }
}

function linesOf(text: string): string[] {
  const lines = text.split('\n').map((line) => line.trimEnd())
  while (lines.at(-1) === '') lines.pop()
  while (lines[0] === '') lines.shift()
  return lines
}

const ANY_LINES = '...'

/** Returns null for a line that stands for any lines. */
function linePattern(text: string, varies: readonly string[]): RegExp | null {
  if (text.trim() === ANY_LINES) return null
  const isOpen = text.endsWith(ANY_LINES)
  const start = isOpen ? text.slice(0, -ANY_LINES.length) : text
  const found = varies.filter((one) => start.includes(one)).sort((a, b) => b.length - a.length)
  const ending = isOpen ? '.*' : ''
  if (found.length === 0) return new RegExp(`^${escaped(start)}${ending}$`)
  const parts = start.split(new RegExp(`(${found.map(escaped).join('|')}|\\s+)`))
  const pattern = parts.map((part) => {
    if (found.includes(part))
      return part
        .split(' ')
        .map(() => '\\S+')
        .join(' ')
    return /^\s+$/.test(part) ? '\\s+' : escaped(part)
  })
  return new RegExp(`^${pattern.join('')}${ending}$`)
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

interface Progress {
  readonly wanted: number
  readonly printed: number
}

/** Tries each length of `...` in turn, which is fast enough: outputs have some dozen lines. */
function matchLines(patterns: readonly (RegExp | null)[], lines: readonly string[]) {
  let furthest: Progress = { wanted: 0, printed: 0 }
  const isSame = (wanted: number, printed: number): boolean => {
    const pattern = patterns[wanted]
    if (pattern === null) {
      for (let next = printed; next <= lines.length; next++) if (isSame(wanted + 1, next)) return true
      return false
    }
    if (wanted > furthest.wanted) furthest = { wanted, printed }
    if (pattern === undefined) return printed === lines.length
    return printed < lines.length && pattern.test(lines[printed] as string) && isSame(wanted + 1, printed + 1)
  }
  return { isSame: isSame(0, 0), furthest }
}
