// Tests that each check of the language catches a planted example and passes a right one.

import { describe, expect, it } from 'vitest'
import { checkFile } from '../../tools/language/check-file.ts'
import { countText } from '../../tools/language/count-text.ts'
import type { FindingKind } from '../../tools/language/finding.ts'

function kindsIn(path: string, source: string): FindingKind[] {
  return checkFile(path, source).map(({ kind }) => kind)
}

const LONG_SENTENCE = `${'Every word counts here '.repeat(7)}and more.`
const LONG_LINE = `${'x'.repeat(60)} ${'y'.repeat(60)}`
/** Lines of at most five words each, so that only the sentence is too long. */
const WRAPPED_LONG_SENTENCE = LONG_SENTENCE.replaceAll('here ', 'here\n')

const CAUGHT: readonly [kind: FindingKind, path: string, source: string][] = [
  ['opening', 'sim/a.ts', '// Of each user the last event.'],
  ['opening', 'sim/a.ts', '// Writes a row. Whatever it holds is read.'],
  ['opening', 'sim/a.ts', '/**\n * Who is late.\n */'],
  ['opening', 'sim/a.ts', '/** Adds rows.\n * @param rows what was read */'],
  ['opening', 'sim/a.ts', '// None of them is read.'],
  ['opening', 'report/a.css', '/* What is printed. */'],
  ['opening', 'docs/a.md', '# Title\n\n- Who writes first wins.'],
  ['opening', 'cli/a.ts', "const help = 'of a user, the sessions'"],
  ['opening', 'cli/a.ts', 'throw new Error(`Reads. What fails is sent again.`)'],
  ['header', 'sim/a.ts', '// Rows: an item in, a row out.'],
  ['test-name', 'test/a.test.ts', "it('of two rows stores one', () => {})"],
  ['test-name', 'test/a.test.ts', "describe('what a click is', () => {})"],
  ['test-name', 'test/a.test.ts', "it.each([['(', 1], f()])('none of them is read: %s', () => {})"],
  ['test-name', 'test/a.test.ts', 'it.skipIf(isFast)(`who comes first wins`, () => {})'],
  ['test-name', 'test/a.test.ts', 'it.each`a\n1`("who comes first", () => {})'],
  ['sentence', 'sim/a.ts', `// ${WRAPPED_LONG_SENTENCE.replaceAll('\n', '\n// ')}`],
  ['sentence', 'docs/a.md', WRAPPED_LONG_SENTENCE],
  ['line', 'sim/a.ts', `// ${LONG_LINE}`],
  ['line', 'sim/a.ts', `const a = 1 // ${LONG_LINE}`],
  ['line', 'docs/a.md', `- ${LONG_LINE}`],
  ['retired', 'sim/alarm-pages.ts', ''],
  ['retired', 'sim/a.ts', 'const heldUntilMs = 1'],
  ['retired', 'sim/a.ts', 'const MARK_LENGTH = 1'],
  ['retired', 'sim/a.ts', "const TIMERS = 'alarm_pages'"],
  ['retired', 'sim/a.ts', 'throw new Error(`nobody reads`)'],
  ['retired', 'sim/a.ts', '// Stores the letter.'],
  ['retired', 'sim/a.ts', '// The value of `queryCut`.'],
  ['retired', 'docs/a.md', '| a | the row says so |\n|---|---|\n'],
  ['retired', 'docs/glossary.md', '| timer | a look | Flink | `timers` | alarm |\n'],
]

const RIGHT: readonly [path: string, source: string][] = [
  ['sim/a.ts', '// Writes each row once. It offers what the caller needs, and of each user the last event.'],
  ['sim/a.ts', '// biome-ignore lint/x: What Lambda does.'],
  ['sim/a.ts', '/**\n * Adds rows:\n *\n * ```\n * What is in, is out\n * ```\n */'],
  ['sim/a.ts', `const a = '${'// Rows in, items out '.repeat(6)}'`],
  ['sim/a.ts', "const quotient = a / b / c // It's a quotient.\nconst pattern = /['\"]/"],
  ['sim/a.ts', `// https://example.com/${'x'.repeat(90)}`],
  ['sim/a.ts', `// ${'One sentence of five words. '.repeat(2)}\n// ${'And five words once more. '.repeat(3)}`],
  ['sim/a.ts', '// Reads `a. What b` at once.'],
  ['sim/a.ts', "import { all } from '../infra/alarms.ts'"],
  ['sim/a.ts', 'const deadLetters = dirtyHours.mark(lookUp(replaced, timestamp))'],
  ['sim/a.ts', '// Looks up the CloudWatch alarm of the API Gateway to three decimal places.'],
  ['infra/alarms.ts', 'const alarms = stack.alarms // An alarm for each function.'],
  ['test/a.test.ts', "it('keeps one session when the pause equals the gap', () => {})"],
  ['cli/a.ts', "const text = 'one ' + 'of many users who search' + 'of them'"],
  ['cli/a.ts', 'const text = `row $' + '{count} of many users who search`'],
  ['test/a.test.ts', "const query = 'what is a session window'"],
  ['test/a.test.ts', "suite.it('of others is no test')"],
  ['test/a.test.ts', "it.each([{ name: 'of two' }])('stores $name', () => {})"],
  ['docs/a.md', '## What does a click cost?'],
  ['docs/a.md', '## What happens if ...\n\nA name has letters and digits.'],
  ['docs/a.md', `| ${LONG_LINE} | ${LONG_SENTENCE} |\n|---|---|\n`],
  ['docs/a.md', `Prints this:\n\n\`\`\`\n${LONG_LINE} ${LONG_SENTENCE}\n\`\`\`\n`],
  ['docs/a.md', `See [the page](https://example.com/${'x'.repeat(90)}).`],
  ['docs/glossary.md', '| timer | the time | Flink | `timers` | alarm |\n'],
]

describe('the language check', () => {
  it.each(CAUGHT)('catches a planted %s in %s: %j', (kind, path, source) => {
    expect(kindsIn(path, source)).toEqual([kind])
  })

  it.each(RIGHT)('passes in %s: %j', (path, source) => {
    expect(checkFile(path, source)).toEqual([])
  })

  it('reports the line on which a sentence of a comment begins', () => {
    const source = 'const a = 1\n\n/**\n * Adds rows. It is\n * quick. Of all rows the last.\n */\n'
    expect(checkFile('sim/a.ts', source)).toMatchObject([{ line: 5, kind: 'opening' }])
  })

  it('reports the line of a nested list item and of a quotation', () => {
    const page = '# Title\n\n- one\n  - two\n  - Who is it.\n\n> Quoted.\n> Of all.\n'
    expect(checkFile('docs/a.md', page).map(({ line }) => line)).toEqual([5, 8])
  })

  it('treats comments after code on consecutive lines as separate paragraphs', () => {
    const half = 'Every word counts here now twice over and over again in this one place for us'
    expect(checkFile('sim/a.ts', `f(a) // ${half}\nf(b) // ${half}\n`)).toEqual([])
  })

  it('counts findings by folder and kind', () => {
    const findings = [...checkFile('sim/deep/down/a.ts', '// Of all.'), ...checkFile('b.md', 'Of all. Who reads.')]
    expect(countText(findings).replace(/ +/g, ' ').split('\n')).toEqual([
      'folder opening header test-name sentence line retired all',
      '. 2 0 0 0 0 0 2',
      'sim/deep 1 0 0 0 0 0 1',
      'all 3 0 0 0 0 0 3',
    ])
  })
})
