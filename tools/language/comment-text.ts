// Turns the comments of a source file into paragraphs of prose.

import type { Paragraph, ProseLine } from './prose.ts'
import type { PlacedToken } from './tokens.ts'

/** Instructions for tools, which are no prose. */
const DIRECTIVE = /^(biome-ignore|@ts-|<reference|#region|#endregion)/

/** @param tokens without white space, but with line ends. */
export function commentParagraphs(tokens: readonly PlacedToken[]): Paragraph[] {
  const groups: ProseLine[][] = []
  let lastLine = Number.NEGATIVE_INFINITY
  for (const [index, { type, value, line }] of tokens.entries()) {
    if (type === 'MultiLineComment') groups.push(blockLines(value, line))
    if (type !== 'SingleLineComment') continue
    const prose = { line, text: value.slice(2) }
    const isAfterCode = index > 0 && tokens[index - 1]?.type !== 'LineTerminatorSequence'
    if (lastLine === line - 1 && !isAfterCode) groups.at(-1)?.push(prose)
    else groups.push([prose])
    lastLine = line
  }
  return groups.flatMap(paragraphsOf)
}

function blockLines(comment: string, firstLine: number): ProseLine[] {
  const lines = comment.replace(/^\/\*+|\*+\/$/g, '').split('\n')
  return lines.map((text, index) => ({ line: firstLine + index, text: text.replace(/^\s*\* ?/, ' ') }))
}

/**
 * Empty lines, list signs and tags begin a new paragraph.
 * Examples in fences or indented by four spaces are no prose.
 */
function paragraphsOf(lines: readonly ProseLine[]): Paragraph[] {
  const paragraphs: ProseLine[][] = [[]]
  let isFenced = false
  for (const { line, text } of lines) {
    const isFence = text.trim().startsWith('```')
    if (isFence) isFenced = !isFenced
    if (isFence || isFenced || text.trim() === '' || /^\s{5,}/.test(text) || DIRECTIVE.test(text.trim())) {
      paragraphs.push([])
      continue
    }
    const start = /^\s*([-*]|\d+\.|@param\s+\S+|@\w+)\s+/.exec(text)
    if (start !== null) paragraphs.push([])
    paragraphs.at(-1)?.push({ line, text: text.slice(start?.[0].length ?? 0).trim() })
  }
  return paragraphs.filter((paragraph) => paragraph.length > 0)
}
