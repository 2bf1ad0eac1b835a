// `npm run follow-docs` runs every block of the pages that a newcomer follows, or the page says why not.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { pageBlocks } from './follow/page-blocks.ts'
import { PAGES } from './follow/pages.ts'
import { differenceOf } from './follow/printed-text.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
/** Commands that need an AWS account, or that never end by themselves. */
const NEEDS_MORE = /\bcdk (bootstrap|deploy|destroy)\b|\bexport-table|\bsearch-ctr tail\b|"\$(SESSIONS|SWEEP|FINALIZE)"/

describe('the pages', () => {
  it('are all followed that hold something to type', () => {
    const pages = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)]
    const typed = pages.filter((page) => page.endsWith('.md') && pageBlocks(read(page)).length > 0)
    expect([...PAGES].sort()).toEqual(typed.sort())
  })

  it.each(PAGES)('%s: what needs more than this machine is marked', (path) => {
    const blocks = pageBlocks(read(path))
    const unannotated = blocks.filter(({ command, notRun }) => notRun === null && NEEDS_MORE.test(command))
    expect(unannotated.map(({ line, command }) => `${line}: ${command}`)).toEqual([])
  })

  it('README.md and the tutorial show what comes out', () => {
    for (const path of ['README.md', 'docs/tutorial.md'])
      expect(pageBlocks(read(path)).filter(({ expected }) => expected !== null).length).toBeGreaterThan(1)
  })
})

describe('a block', () => {
  it('has its output after it, prose between or not, and the marks above it', () => {
    const page =
      'a\n\n```sh\ndo x\n```\n\nprose\n\n<!-- varies: 5, b c -->\n```\nx 5\n```\n\n<!-- not run: why -->\n```sh\ny\n```\n'
    expect(pageBlocks(page)).toEqual([
      {
        line: 4,
        command: 'do x',
        expected: { line: 11, text: 'x 5', varies: ['5', 'b c'] },
        notRun: null,
        isTranscript: false,
      },
      { line: 16, command: 'y', expected: null, notRun: 'why', isTranscript: false },
    ])
  })

  it('that begins with $ is commands, each with its output', () => {
    expect(pageBlocks('```\n$ a\n1\n2\n\n$ b\n```\n')).toMatchObject([
      { line: 2, command: 'a', expected: { line: 3, text: '1\n2' }, isTranscript: true },
      { line: 6, command: 'b', expected: { line: 7, text: '' } },
    ])
  })

  it('of another language is nothing to type, and is no output', () => {
    expect(pageBlocks('```ts\nx\n```\n```sh\na\n```\n```text\nb\n```\n```\nc\n```\n')).toMatchObject([
      { command: 'a', expected: null },
    ])
  })

  it('that does not end is an error', () => expect(() => pageBlocks('a\n```sh\nb\n')).toThrow('line 2'))
})

describe('what was printed', () => {
  const of = (text: string, varies: readonly string[] = []) => ({ line: 10, text, varies })

  it.each([
    ['the same', of('a\nb'), 'a  \nb\n\n'],
    ['any lines', of('a\n...\nz'), 'a\nb\nc\nz\n'],
    ['the rest of a line', of('a...\nb'), 'a and more\nb'],
    ['what varies, and the width of its columns', of('in 5  s, (1.2 x)', ['5', '(1.2']), 'in 12345   s, (9.87 x)'],
  ])('matches: %s', (_, expected, printed) => expect(differenceOf(expected, printed)).toBeNull())

  it.each([
    ['another line', of('a\nb\nc'), 'a\nx\nc', { line: 11, says: 'b', was: 'x' }],
    ['a line less', of('a\nb'), 'a', { line: 11, says: 'b', was: '(no more)' }],
    ['a line more', of('a'), 'a\nb', { line: 11, says: '(no more)', was: 'b' }],
    ['other blanks', of('a  b'), 'a b', { line: 10, says: 'a  b', was: 'a b' }],
    [
      'what does not vary',
      of('in 5 s of 6', ['5']),
      'in 7 s of 7',
      { line: 10, says: 'in 5 s of 6', was: 'in 7 s of 7' },
    ],
  ])('does not match: %s', (_, expected, printed, found) => expect(differenceOf(expected, printed)).toEqual(found))
})
