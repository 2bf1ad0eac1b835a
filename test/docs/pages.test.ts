// The pages have blocks that `npm run follow-docs` can run, or give the reason why it cannot.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { pageBlocks } from '../../tools/follow-docs/page-blocks.ts'
import { PAGES } from '../../tools/follow-docs/pages.ts'
import { differenceOf } from '../../tools/follow-docs/printed-text.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
/** Commands that need an AWS account, or that never end by themselves. */
const NEEDS_MORE =
  /\bcdk (bootstrap|deploy|destroy)\b|\bexport-table|\bsearch-session-ctr tail\b|"\$(SESSIONS|SWEEP|FINALIZE)"/

describe('the pages', () => {
  it('lists every page with commands to type', () => {
    const pages = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)]
    const typed = pages.filter((page) => page.endsWith('.md') && pageBlocks(read(page)).length > 0)
    expect([...PAGES].sort()).toEqual(typed.sort())
  })

  it.each(PAGES)('%s gives a reason at each block that needs more than this machine', (path) => {
    const blocks = pageBlocks(read(path))
    const unannotated = blocks.filter(({ command, notRun }) => notRun === null && NEEDS_MORE.test(command))
    expect(unannotated.map(({ line, command }) => `${line}: ${command}`)).toEqual([])
  })

  it('shows the output of commands in README.md and in the tutorial', () => {
    for (const path of ['README.md', 'docs/tutorial.md'])
      expect(pageBlocks(read(path)).filter(({ expected }) => expected !== null).length).toBeGreaterThan(1)
  })
})

/** The files that the commands of the pages write at the top of a checkout. */
function writtenFiles(): string[] {
  const commands = PAGES.flatMap((path) => pageBlocks(read(path))).map(({ command }) => command)
  const written = commands.flatMap((command) => [
    ...command.matchAll(/(?:(?:^cat|[\w"'] )>? ?>|--out) ([\w-]+\.\w+)|--out ([\w-]+)/gm),
  ])
  return written.map(([, file, folder]) => file ?? `${folder}/`)
}

it('git, and so every check, ignores the files that the pages write', () => {
  const ignored = read('.gitignore').split('\n')
  const files = writtenFiles()
  expect(files).toEqual(expect.arrayContaining(['tutorial.ndjson', 'report.json', 'later/']))
  const isIgnored = (name: string): boolean =>
    ignored.includes(`/${name}`) || ignored.includes(name) || ignored.includes(name.replace(/^.*(?=\.)/, '/*'))
  expect(files.filter((name) => !isIgnored(name))).toEqual([])
})

describe('a block', () => {
  it('has its output below it and its comments above it', () => {
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

  it('holds commands with their outputs if it begins with $', () => {
    expect(pageBlocks('```\n$ a\n1\n2\n\n$ b\n```\n')).toMatchObject([
      { line: 2, command: 'a', expected: { line: 3, text: '1\n2' }, isTranscript: true },
      { line: 6, command: 'b', expected: { line: 7, text: '' } },
    ])
  })

  it('is neither typed nor an output if it is of another language', () => {
    expect(pageBlocks('```ts\nx\n```\n```sh\na\n```\n```text\nb\n```\n```\nc\n```\n')).toMatchObject([
      { command: 'a', expected: null },
    ])
  })

  it('must end', () => expect(() => pageBlocks('a\n```sh\nb\n')).toThrow('line 2'))
})

describe('the printed text', () => {
  const shows = (text: string, varies: readonly string[] = []) => ({ line: 10, text, varies })

  it.each([
    ['the same', shows('a\nb'), 'a  \nb\n\n'],
    ['any lines', shows('a\n...\nz'), 'a\nb\nc\nz\n'],
    ['the rest of a line', shows('a...\nb'), 'a and more\nb'],
    ['a text that varies, and other column widths', shows('in 5  s, (1.2 x)', ['5', '(1.2']), 'in 12345   s, (9.87 x)'],
  ])('matches %s', (_, expected, printed) => expect(differenceOf(expected, printed)).toBeNull())

  it.each([
    ['another line', shows('a\nb\nc'), 'a\nx\nc', { line: 11, expected: 'b', printed: 'x' }],
    ['a line less', shows('a\nb'), 'a', { line: 11, expected: 'b', printed: '(no more)' }],
    ['a line more', shows('a'), 'a\nb', { line: 11, expected: '(no more)', printed: 'b' }],
    ['other blanks', shows('a  b'), 'a b', { line: 10, expected: 'a  b', printed: 'a b' }],
    [
      'a text that does not vary',
      shows('in 5 s of 6', ['5']),
      'in 7 s of 7',
      { line: 10, expected: 'in 5 s of 6', printed: 'in 7 s of 7' },
    ],
  ])('does not match %s', (_, expected, printed, found) => expect(differenceOf(expected, printed)).toEqual(found))
})
