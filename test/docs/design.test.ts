// Checks the design pages and ARCHITECTURE.md against the code that they describe.

import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CONTROL_NAMES } from '../../sim/controls.ts'
import { EXAMPLES, shownItem } from './design-examples.ts'
import { ROOT, readPage, trackedPages } from './design-pages.ts'

const isUpdating = process.env.UPDATE_DOCS === '1'
const PAGES = Object.keys(EXAMPLES)
const SHOWN = Object.entries(EXAMPLES).flatMap(([page, made]) => Object.keys(made).map((name) => ({ page, name })))

/** Their columns are on the page of the results. */
const EXPLAINED_ELSEWHERE: ReadonlySet<string> = new Set(['search row', 'hour sum'])

function pathOf(page: string): string {
  return `docs/design/${page}.md`
}

async function make(page: string, name: string): Promise<Readonly<Record<string, unknown>>> {
  const example = EXAMPLES[page]?.[name]
  if (example === undefined) throw new Error(`${page} has no example ${name}`)
  return example()
}

function exampleBlock(name: string): RegExp {
  return new RegExp(`(<!-- example: ${name} -->\n\`\`\`json\n)(.*?)(\`\`\`)`, 's')
}

/** zlib builds differ by a few bytes. */
function withoutLengths(text: string): string {
  return text.replace(/<\d+ bytes>/g, '<n bytes>')
}

describe('the example items', () => {
  it.each(SHOWN)('are what the code writes: $page, $name', async ({ page, name }) => {
    const path = pathOf(page)
    const text = readPage(path)
    const found = exampleBlock(name).exec(text)
    if (found === null) throw new Error(`${path} does not show this example`)
    const made = `${shownItem(await make(page, name))}\n`
    if (isUpdating)
      writeFileSync(
        join(ROOT, path),
        text.replace(exampleBlock(name), (_, start, __, end) => start + made + end),
      )
    else
      expect(withoutLengths(found[2] ?? ''), `run UPDATE_DOCS=1 npx vitest run test/docs/design.test.ts`).toBe(
        withoutLengths(made),
      )
  })

  it.each(PAGES)('are all known by their names: %s', (page) => {
    const names = [...readPage(pathOf(page)).matchAll(/<!-- example: (.+) -->/g)].map(([, name]) => name)
    expect(names.length).toBeGreaterThan(0)
    expect(names.filter((name) => !SHOWN.some((shown) => shown.page === page && shown.name === name))).toEqual([])
  })

  it.each(SHOWN.filter(({ name }) => !EXPLAINED_ELSEWHERE.has(name)))(
    'have each attribute in the next table of the page: $page, $name',
    async ({ page, name }) => {
      const cells = attributeCells(readPage(pathOf(page)).split(`<!-- example: ${name} -->`)[1] ?? '')
      const item = await make(page, name)
      const attributes = Object.keys(item).filter((attribute) => item[attribute] !== undefined)
      expect(attributes.filter((attribute) => !cells.has(attribute))).toEqual([])
    },
  )
})

/** The texts in backquotes in the first column of the first table of attributes. */
function attributeCells(text: string): ReadonlySet<string> {
  const table = text.split(/^\| attribute.* \| meaning \|$/m)[1]?.split('\n\n')[0] ?? ''
  const cells = table.split('\n').map((line) => line.split('|')[1] ?? '')
  return new Set(cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)))
}

/** Tests that a page cites: a path, then names or the beginnings of names in quotation marks. */
function citedTests(text: string): { readonly path: string; readonly name: string }[] {
  return [...text.matchAll(/`(test\/[\w/.-]+\.ts)`((?:[,;]? (?:and )?"[^"\n|]+")+)/g)].flatMap(
    ([, path = '', names = '']) => [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => ({ path, name })),
  )
}

const ARCHITECTURE = readPage('ARCHITECTURE.md')

describe('the invariants', () => {
  const rows = ARCHITECTURE.split('\n').filter((line) => /^\| I\d+ \|/.test(line))
  const numbers = rows.map((line) => line.split('|')[1]?.trim())

  it('are numbered without holes', () => {
    expect(numbers.length).toBeGreaterThan(0)
    expect(numbers).toEqual(numbers.map((_, n) => `I${n + 1}`))
  })

  it.each(rows.map((row) => ({ number: row.split('|')[1]?.trim(), row })))(
    'are each guarded by a test that exists: $number',
    ({ row }) => {
      const cited = citedTests(row)
      expect(cited.length).toBeGreaterThan(0)
      const missing = cited.filter(({ path, name }) => !testText(path).includes(name))
      expect(missing).toEqual([])
    },
  )

  it('are followed by tests that exist', () => {
    const missing = citedTests(joinedLines(ARCHITECTURE)).filter(({ path, name }) => !testText(path).includes(name))
    expect(missing).toEqual([])
  })

  it('name every negative control, and no other', () => {
    const named = rows.flatMap((row) => [...row.matchAll(/control `([\w-]+)`/g)].map(([, name]) => name))
    expect([...new Set(named)].sort()).toEqual([...CONTROL_NAMES].sort())
  })

  it('share their controls with the design pages', () => {
    const named = PAGES.flatMap((page) => [...readPage(pathOf(page)).matchAll(/control\s+`([\w-]+)`/g)])
    expect(named.map(([, name = '']) => name).filter((name) => !CONTROL_NAMES.some((known) => known === name))).toEqual(
      [],
    )
  })

  it('exist where a design page refers to them', () => {
    const cited = PAGES.flatMap((page) => [...readPage(pathOf(page)).matchAll(/\bI\d+\b/g)].map(([number]) => number))
    expect(cited.filter((number) => !numbers.includes(number))).toEqual([])
  })
})

/** The page with each paragraph in one line, since a name in quotation marks may be wrapped. */
function joinedLines(text: string): string {
  return text.replaceAll(/\n {2,}(?=\S)/g, ' ')
}

describe('the item of an open session', () => {
  it.each([
    ['state', 'open state'],
    ['state', 'state without open sessions'],
    ['state', 'state with a block'],
    ['erasure', 'forgotten state'],
  ] as const)('has every attribute in ARCHITECTURE.md: %s, %s', async (page, name) => {
    const section = /^## Where an open session is stored$(.*?)^## /ms.exec(ARCHITECTURE)?.[1] ?? ''
    const item = await make(page, name)
    const attributes = Object.keys(item).filter((attribute) => item[attribute] !== undefined)
    expect(attributes.filter((attribute) => !section.includes(`\`${attribute}\``))).toEqual([])
  })
})

/** As it stands in the file: an apostrophe or a quote may be escaped. */
function testText(path: string): string {
  return existsSync(join(ROOT, path)) ? readPage(path).replaceAll('\\', '') : ''
}

describe('the code that pages name', () => {
  const pages = ['ARCHITECTURE.md', ...trackedPages().filter((path) => /^docs\/(design|decisions)\//.test(path))]

  it.each(pages)('is there: %s', (path) => {
    const named = [
      ...readPage(path).matchAll(
        /`((?:functions|local|cli|infra|sim|bench|report|producer|terminal|samples|tools|test)\/[\w/.-]*)`/g,
      ),
    ]
    expect(named.map(([, file = '']) => file).filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
  })

  /** A function or constant beside the file that has it, as `name` in `path`. */
  it.each(pages)('is in the file that the page names: %s', (path) => {
    const named = [...readPage(path).matchAll(/`(\w+)(?:\(\))?` in\s+`([\w/.-]+\.ts)`/g)]
    const missing = named.filter(([, name = '', file = '']) => !new RegExp(`\\b${name}\\b`).test(readPage(file)))
    expect(missing.map(([cited]) => cited)).toEqual([])
  })
})
