// The pages that a newcomer follows: each block of them is run by `npm run follow-docs` or says why not; the tutorial's are run here.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { followPage } from './follow/follow-page.ts'
import { missingOn, readerEnvironment } from './follow/machine.ts'
import { pageBlocks } from './follow/page-blocks.ts'
import { openShell, type PageShell } from './follow/page-shell.ts'
import { PAGES } from './follow/pages.ts'
import { differenceOf } from './follow/printed-text.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
/** What nobody can run without an account, or what never ends by itself. */
const NEEDS_MORE = /\bcdk (bootstrap|deploy|destroy)\b|\bexport-table|\bsearch-ctr tail\b|"\$(SESSIONS|SWEEP|FINALIZE)"/

describe('the pages', () => {
  it('are all followed', () => {
    const pages = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))
    expect([...PAGES].sort()).toEqual(['README.md', ...pages.map((name) => `docs/${name}`)].sort())
  })

  it.each(PAGES)('%s: what needs more than this machine is marked', (path) => {
    const blocks = pageBlocks(read(path))
    const pendingTombstones = blocks.filter(({ command, notRun }) => notRun === null && NEEDS_MORE.test(command))
    expect(pendingTombstones.map(({ line, command }) => `${line}: ${command}`)).toEqual([])
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

describe('following a page', () => {
  let scratch: string
  let work: string
  let shell: PageShell

  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'pages-'))
    work = join(scratch, 'checkout')
    for (const name of [
      'cli',
      'functions',
      'infra',
      'local',
      'producer',
      'report',
      'sim',
      'cdk.json',
      'package.json',
      'tsconfig.json',
    ])
      cpSync(join(ROOT, name), join(work, name), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(work, 'node_modules'))
    shell = openShell({ work, scratch }, readerEnvironment(process.env, scratch, work))
  })

  afterAll(async () => {
    await shell.close()
    rmSync(scratch, { recursive: true, force: true })
  })

  const follow = (path: string, page: string) =>
    followPage(path, page, shell, missingOn(process.env, { installs: false }), () => {})

  it('keeps variables, and tells a command that fails and an output that is another', async () => {
    const page =
      '```sh\nX=1\n```\n```sh\necho $X\n```\n```\n1\n```\n```sh\nfalse\necho on\n```\n```sh\necho a\n```\n```\nb\n```\n'
    const { ran, failures } = await follow('p.md', page)
    expect(ran).toBe(4)
    expect(failures).toEqual([
      expect.stringMatching(/^p\.md:11 failed with exit code 1/),
      expect.stringMatching(/^p\.md:18 is not what p\.md:15 prints/),
    ])
  })

  it('the tutorial is true, its four click-through rates too', async () => {
    const { failures } = await follow('docs/tutorial.md', read('docs/tutorial.md'))
    expect(failures).toEqual([])
  })
})
