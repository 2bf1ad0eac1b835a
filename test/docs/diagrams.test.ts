// Checks that diagrams parse, relative links resolve, and the first pages stay short.

import { existsSync, statSync } from 'node:fs'
import { posix } from 'node:path'
import { Window } from 'happy-dom'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { anchorsOf, blocksOf, linksOf, ROOT, readPage, trackedPages, wordCount } from './design-pages.ts'

const PAGES = trackedPages()
const CALLS = 'docs/design/aws-calls.md'
const DIAGRAMS = PAGES.flatMap((path) =>
  blocksOf(readPage(path), 'mermaid').map((text, n) => ({ path, n: n + 1, text })),
)

describe('the diagrams', () => {
  const window = new Window()
  let parse: (text: string) => Promise<unknown>

  beforeAll(async () => {
    // Mermaid cleans labels with DOMPurify, which needs a document.
    vi.stubGlobal('window', window)
    vi.stubGlobal('document', window.document)
    const { default: mermaid } = await import('mermaid')
    parse = (text) => mermaid.parse(text)
  })

  afterAll(async () => {
    vi.unstubAllGlobals()
    await window.happyDOM.close()
  })

  it('have a mistake found in each type that the pages use', async () => {
    await expect(parse('flowchart LR\n  a["one<br>two"] -->|yes| b')).resolves.toBeTruthy()
    await expect(parse('flowchart LR\n  a[ --> b')).rejects.toThrow('Parse error')
    await expect(parse('sequenceDiagram\n  a->>b: x')).resolves.toBeTruthy()
    await expect(parse('sequenceDiagram\n  a->>: x')).rejects.toThrow('Parse error')
    await expect(parse('stateDiagram-v2\n  [*] -->')).rejects.toThrow('Parse error')
  })

  it.each(DIAGRAMS)('parse: $path, diagram $n', async ({ text }) => {
    await expect(parse(text)).resolves.toBeTruthy()
  })
})

/** The mistake in a link of a page; null if it resolves or leads to another host. */
function brokenLink(path: string, href: string): string | null {
  if (/^[a-z][a-z+.-]*:/i.test(href)) return null
  const [file = '', anchor = ''] = decodeURI(href).split('#')
  const target = file === '' ? path : posix.join(posix.dirname(path), file)
  if (target.startsWith('..') || !existsSync(ROOT + target)) return `${href}: there is no ${target}`
  if (anchor === '' || statSync(ROOT + target).isDirectory()) return null
  const line = /^L(\d+)(-L\d+)?$/.exec(anchor)?.[1]
  if (line !== undefined && !target.endsWith('.md')) {
    const lines = readPage(target).split('\n').length
    return Number(line) <= lines ? null : `${href}: ${target} has ${lines} lines`
  }
  return anchorsOf(readPage(target)).has(anchor) ? null : `${href}: ${target} has no heading #${anchor}`
}

describe('the links of the pages', () => {
  it.each(PAGES)('resolve: %s', (path) => {
    expect(linksOf(readPage(path)).flatMap((href) => brokenLink(path, href) ?? [])).toEqual([])
  })

  it('lead to headings as GitHub names them', () => {
    const page = '# One `two`, three!\n\n## Same\n\n## Same\n\n<a id="own"></a>\n'
    expect([...anchorsOf(page)]).toEqual(['one-two-three', 'same', 'same-1', 'own'])
  })
})

describe('the length of the pages', () => {
  it.each([
    ['ARCHITECTURE.md', 2500],
    ['README.md', 950],
    // A reader searches this table for one call.
    [CALLS, 1300],
    ...PAGES.filter((path) => path.startsWith('docs/design/') && path !== CALLS).map((path) => [path, 900] as const),
  ] as const)('stays within its limit: %s, %i words', (path, wordsMax) => {
    expect(wordCount(readPage(path))).toBeLessThanOrEqual(wordsMax)
  })
})
