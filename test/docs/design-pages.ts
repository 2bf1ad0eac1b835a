// Reads the Markdown pages of the repository: their blocks, links, anchors and words.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lexer, type Token, type Tokens, walkTokens } from 'marked'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export function readPage(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** Paths of all Markdown files that git knows, from the repository's root. */
export function trackedPages(): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '*.md'], { cwd: ROOT, encoding: 'utf8' })
  return listed.split('\0').filter(Boolean)
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  walkTokens(lexer(text), (token) => {
    tokens.push(token)
  })
  return tokens
}

/** Texts of the fenced blocks of one language, in order. */
export function blocksOf(text: string, language: string): string[] {
  return tokensOf(text).flatMap((token) => {
    const code = token as Tokens.Code
    return token.type === 'code' && code.lang === language ? [code.text] : []
  })
}

/** Targets of links and images, as they are written. */
export function linksOf(text: string): string[] {
  return tokensOf(text).flatMap((token) => {
    return token.type === 'link' || token.type === 'image' ? [(token as Tokens.Link).href] : []
  })
}

/** The anchors of a page's headings as GitHub makes them, and those that HTML in the page names. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  const counts = new Map<string, number>()
  for (const token of tokensOf(text)) {
    if (token.type === 'html') for (const [, id = ''] of token.raw.matchAll(/\b(?:id|name)="([^"]+)"/g)) anchors.add(id)
    if (token.type !== 'heading') continue
    const slug = slugOf(plainText((token as Tokens.Heading).tokens))
    const count = counts.get(slug) ?? 0
    counts.set(slug, count + 1)
    anchors.add(count === 0 ? slug : `${slug}-${count}`)
  }
  return anchors
}

function slugOf(heading: string): string {
  const lower = heading.trim().toLowerCase()
  return lower.replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '').replaceAll(' ', '-')
}

function plainText(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if ('tokens' in token && token.tokens !== undefined) return plainText(token.tokens)
      return 'text' in token ? token.text : ''
    })
    .join('')
}

/** Words of a page as a person reads it, blocks of code and comments left out. */
export function wordCount(text: string): number {
  const prose = text.replace(/^```.*?^```$/gms, '').replace(/<!--.*?-->/gs, '')
  return prose.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length
}
