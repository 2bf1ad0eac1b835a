// Reads the comments, names, strings and test names of a source file from its tokens.

import { commentParagraphs } from './comment-text.ts'
import type { Paragraph } from './prose.ts'
import { testNamesOf } from './test-names.ts'
import { type PlacedToken, placeTokens, type TextAt } from './tokens.ts'

export interface CodeText {
  readonly paragraphs: readonly Paragraph[]
  /** Every line that a comment covers, whole or in part. */
  readonly commentLines: ReadonlySet<number>
  /** Comments line by line, as they stand. */
  readonly comments: readonly TextAt[]
  readonly identifiers: readonly TextAt[]
  /** The contents of strings and templates, line by line, without module specifiers. */
  readonly strings: readonly TextAt[]
  readonly testNames: readonly TextAt[]
  /** Strings and templates as they begin, without what follows a value or another string. */
  readonly messages: readonly Paragraph[]
}

const COMMENTS: readonly string[] = ['SingleLineComment', 'MultiLineComment']
const NAMES: readonly string[] = ['IdentifierName', 'PrivateIdentifier']
const SPACES: readonly string[] = ['WhiteSpace', 'LineTerminatorSequence']
const STARTS: readonly string[] = ['StringLiteral', 'NoSubstitutionTemplate', 'TemplateHead']
const STRINGS: readonly string[] = [
  'StringLiteral',
  'NoSubstitutionTemplate',
  'TemplateHead',
  'TemplateMiddle',
  'TemplateTail',
]

/** TypeScript, JavaScript, or CSS, whose comments have the same signs. */
export function codeText(source: string): CodeText {
  const tokens = placeTokens(source)
  const comments = tokens.filter(({ type }) => COMMENTS.includes(type)).flatMap(linesOf)
  const code = tokens.filter(({ type }) => !COMMENTS.includes(type) && !SPACES.includes(type))
  return {
    paragraphs: commentParagraphs(tokens.filter(({ type }) => type !== 'WhiteSpace')),
    commentLines: new Set(comments.map(({ line }) => line)),
    comments,
    identifiers: code.filter(({ type }) => NAMES.includes(type)).map(({ line, value }) => ({ line, text: value })),
    strings: code.filter((token, index) => isText(token, code.slice(Math.max(0, index - 2), index))).flatMap(linesOf),
    testNames: testNamesOf(code),
    messages: messagesOf(code),
  }
}

function linesOf({ line, value }: PlacedToken): TextAt[] {
  return value.split('\n').map((text, index) => ({ line: line + index, text }))
}

function isText({ type }: PlacedToken, before: readonly PlacedToken[]): boolean {
  return STRINGS.includes(type) && !/\b(from|import|import \()$/.test(before.map(({ value }) => value).join(' '))
}

function messagesOf(code: readonly PlacedToken[]): Paragraph[] {
  return code.flatMap((token, index) => {
    const isStart = STARTS.includes(token.type) && code[index - 1]?.value !== '+'
    if (!isStart || !isText(token, code.slice(Math.max(0, index - 2), index))) return []
    const text = token.value.replace(/^['"`]|(['"`]|\$\{)$/g, '')
    const lines = text.split('\n').map((part, n) => ({ line: token.line + n, text: part }))
    return lines.flatMap(({ line, text }) => text.split('\\n').map((part) => [{ line, text: part }]))
  })
}
