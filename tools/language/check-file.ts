// Checks the language of one file.

import { checkLines, checkMessages, checkParagraphs, checkTestNames } from './check-prose.ts'
import { checkFileName, checkNames, checkStrings, checkTexts } from './check-words.ts'
import { codeText } from './code-text.ts'
import type { Finding } from './finding.ts'
import { markdownParagraphs } from './markdown-text.ts'

/** These files name the retired words on purpose: the last one lists words of DynamoDB. */
const NAMES_RETIRED_WORDS = /^(tools\/language\/|test\/language\/|local\/proxy\/request-rules\/reserved-words\.ts$)/
const GLOSSARY = 'docs/glossary.md'

/** @param path from the project's root, with slashes. */
export function checkFile(path: string, source: string): Finding[] {
  const findings = path.endsWith('.md') ? checkPage(path, source) : checkCode(path, source)
  const found = [...findings, ...checkFileName(path)].filter(
    ({ kind }) => kind !== 'retired' || !NAMES_RETIRED_WORDS.test(path),
  )
  const distinct = new Map(found.map((finding) => [`${finding.line} ${finding.message}`, finding]))
  return [...distinct.values()].toSorted((one, other) => one.line - other.line)
}

function checkCode(path: string, source: string): Finding[] {
  const { paragraphs, commentLines, comments, identifiers, strings, testNames, messages } = codeText(source)
  return [
    ...checkParagraphs(path, paragraphs),
    ...checkLines(path, source, commentLines),
    ...checkTestNames(path, testNames),
    // Strings in tests are data.
    ...(path.startsWith('test/') ? [] : checkMessages(path, messages)),
    ...checkTexts(path, comments),
    ...(path.endsWith('.css') ? [] : [...checkNames(path, identifiers), ...checkStrings(path, strings)]),
  ]
}

function checkPage(path: string, source: string): Finding[] {
  const paragraphs = markdownParagraphs(source)
  const proseLines = new Set(paragraphs.flat().map(({ line }) => line))
  const lines = source.split('\n').map((text, index) => ({ line: index + 1, text }))
  return [
    ...checkParagraphs(path, paragraphs),
    ...checkLines(path, source, proseLines),
    ...checkTexts(path, path === GLOSSARY ? lines.map(withoutLastCell) : lines),
  ]
}

/** The glossary's last column may name retired words. */
function withoutLastCell<T extends { readonly text: string }>(line: T): T {
  return { ...line, text: line.text.replace(/^(\|.*\|)[^|]*\|\s*$/, '$1') }
}
