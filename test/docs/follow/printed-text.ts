// What a page says that a command prints, and what it printed, in; whether they are the same, and where not, out.

import type { Block } from './page-blocks.ts'

type Expected = NonNullable<Block['expected']>

/**
 * The same but for blanks at the ends of lines. Three wildcards: a line `...` is any lines, `...` at the end of a line
 * is the rest of it, and a text that the page's comment `varies: a, b` lists is any text without blanks; then so are the
 * blanks of its line, since columns are as wide as what is in them.
 *
 * @returns null where they are the same, else the first line of the page that is not what was printed.
 */
export function differenceOf(expected: Expected, printed: string): { line: number; says: string; was: string } | null {
  const wanted = linesOf(expected.text).map((text) => ({ text, pattern: linePattern(text, expected.varies) }))
  const lines = linesOf(printed)
  const { furthest, isSame } = matchLines(
    wanted.map(({ pattern }) => pattern),
    lines,
  )
  if (isSame) return null
  const says = wanted[furthest.wanted]?.text ?? '(no more)'
  return { line: expected.line + furthest.wanted, says, was: lines[furthest.printed] ?? '(no more)' }
}

function linesOf(text: string): string[] {
  const lines = text.split('\n').map((line) => line.trimEnd())
  while (lines.at(-1) === '') lines.pop()
  while (lines[0] === '') lines.shift()
  return lines
}

const ANY_LINES = '...'

/** Null is any lines. */
function linePattern(text: string, varies: readonly string[]): RegExp | null {
  if (text.trim() === ANY_LINES) return null
  const cut = text.endsWith('...')
  const kept = cut ? text.slice(0, -'...'.length) : text
  const found = varies.filter((one) => kept.includes(one)).sort((a, b) => b.length - a.length)
  const ending = cut ? '.*' : ''
  if (found.length === 0) return new RegExp(`^${escaped(kept)}${ending}$`)
  const parts = kept.split(new RegExp(`(${found.map(escaped).join('|')}|\\s+)`))
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

/** Tries each end of any lines in turn; pages and outputs are some dozen lines. */
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
