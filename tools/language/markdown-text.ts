// Reads the paragraphs of a markdown page, without its tables, code blocks and HTML.

import { lexer, type Token, type Tokens } from 'marked'
import type { Paragraph } from './prose.ts'

export function markdownParagraphs(page: string): Paragraph[] {
  const lines = page.split('\n')
  let next = 0
  return textsOf(lexer(page)).flatMap((text) => {
    const paragraph = text.split('\n').map((part) => {
      const index = lines.findIndex((line, at) => at >= next && line.includes(part.trim()))
      if (index >= 0) next = index + 1
      return { line: next, text: part.trim() }
    })
    return paragraph.some(({ text }) => text !== '') ? [paragraph] : []
  })
}

/** In the order of the page. */
function textsOf(tokens: readonly Token[]): string[] {
  return tokens.flatMap((token) => {
    if (token.type === 'list') return (token as Tokens.List).items.flatMap((item) => textsOf(item.tokens))
    if (token.type === 'blockquote') return textsOf((token as Tokens.Blockquote).tokens)
    if (token.type === 'heading') return [(token as Tokens.Heading).text]
    return token.type === 'paragraph' || token.type === 'text' ? [token.raw.replace(/\n+$/, '')] : []
  })
}
