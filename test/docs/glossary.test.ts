// Tests that the glossary is in order and names what the code and the stored items hold.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { COUNTS } from '../../functions/domain/results/counts.ts'
import { ratiosOf, satisfactionRatiosOf, sessionRatiosOf } from '../../functions/domain/results/ratios.ts'
import { itemsOfResultsTable, itemsOfSessionsTable, type StoredItem } from '../support/stored-items.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const FOLDERS = ['bench', 'cli', 'compare', 'functions', 'infra', 'local', 'producer', 'report', 'sim']

const glossary = readFileSync(join(ROOT, 'docs/glossary.md'), 'utf8')
const results = readFileSync(join(ROOT, 'docs/results.md'), 'utf8')
const rows = glossary
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(2)
  .map((line) => line.slice(1, -1).split('|'))
  .map((cells) => cells.map((cell) => cell.trim()))
const sources = FOLDERS.flatMap(textsIn).join('\n')

/** The page of metrics has these, in ranges: `clicks_at_1` to `clicks_at_10`. */
const inMetrics = new Set<string>([
  ...COUNTS,
  ...Object.keys({ ...ratiosOf({}), ...satisfactionRatiosOf({}), ...sessionRatiosOf({}) }),
])

/** The value as the document client or the plain client writes it. */
function textOf(value: unknown): string {
  return String(typeof value === 'object' && value !== null && 'S' in value ? value.S : (value ?? ''))
}

/** The words with which keys begin: `timer_pages` of `timer_pages#2`. */
function keyWordsOf({ pk, sk }: StoredItem): string[] {
  return [pk, sk].map(keyWordOf).filter((word) => /^[a-z_]+$/.test(word))
}

function keyWordOf(key: unknown): string {
  return textOf(key).split('#')[0] ?? ''
}

function textsIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join(ROOT, folder, path), 'utf8'))
}

function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
}

/** Whole names only: `open` is not in `reopened`, but `shard#` is in a template. */
function isInSources(name: string): boolean {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`(?<![\\w])${escaped}${/\w$/.test(name) ? '(?![\\w])' : ''}`).test(sources)
}

describe('the glossary', () => {
  it('keeps the terms of the glossary in alphabetical order, each once', () => {
    const terms = rows.map(([term = '']) => term.toLowerCase())
    expect(terms.length).toBeGreaterThan(50)
    expect(terms).toEqual([...new Set(terms)].sort())
  })

  it.each(rows)('defines the term %s in one sentence with a source and a holder', (...cells) => {
    expect(cells).toHaveLength(5)
    const [, meaning = '', source, holder = ''] = cells
    expect(meaning).toMatch(/^[A-Z`].*[^.]\.$/)
    expect(meaning).not.toMatch(/\. [A-Z]/)
    expect(source).not.toBe('')
    expect(namesIn(holder)).not.toEqual([])
  })

  it.each(rows.flatMap(([term, , , holder = '']) => namesIn(holder).map((name) => ({ term, name }))))(
    'names a holder of $term that exists: $name',
    ({ name }) => {
      expect(isInSources(name) || (name.includes('/') && existsSync(join(ROOT, name)))).toBe(true)
    },
  )

  it('finds every stored attribute, kind and key in the glossary or the page of results', async () => {
    const named = [...rows.flatMap(([, , , holder = '']) => namesIn(holder)), ...namesIn(results)]
    const items = [...(await itemsOfSessionsTable()), ...(await itemsOfResultsTable())]
    const attributes = new Set(items.flatMap((item) => Object.keys(item)))
    expect([...attributes]).toEqual(expect.arrayContaining(['forgotten_at', 'sequence', 'seen_at', 'computed_at']))
    expect([...attributes].filter((name) => !named.includes(name) && !inMetrics.has(name))).toEqual([])

    const kinds = new Set(items.flatMap(({ kind }) => (kind === undefined ? [] : [textOf(kind)])))
    expect([...kinds]).toEqual(expect.arrayContaining(['block', 'closed', 'timers', 'search', 'query']))
    expect([...kinds].filter((kind) => !named.includes(kind))).toEqual([])

    const keyWords = new Set(items.flatMap(keyWordsOf))
    expect([...keyWords]).toEqual(expect.arrayContaining(['user', 'open', 'shard', 'timer_pages', 'rollup']))
    expect([...keyWords].filter((word) => !named.map(keyWordOf).includes(word))).toEqual([])
  })
})
