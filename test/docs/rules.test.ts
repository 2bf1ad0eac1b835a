// Holds docs/rules.md to the code: its examples run, and the code that it names exists.
// Every rule that a file cites is on the page.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { HOUR_MS } from '../../functions/domain/durations.ts'
import { isTestFile, type RuleCitations, ruleCitations } from './rule-citations.ts'
import { runExample, type Step, stepsOf } from './rule-examples.ts'
import { parseRules } from './rule-page.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const RULES = parseRules(read('docs/rules.md'))
const IDS = RULES.map(({ id }) => id)
const BY_ID = RULES.map((rule) => [rule.id, rule] as const)

function tracked(): string[] {
  const listed = execFileSync('git', ['ls-files', '*.ts', '*.mjs', '*.md'], { cwd: ROOT, encoding: 'utf8' })
  return listed.split('\n').filter((path) => path !== '' && !path.startsWith('test/docs/rule'))
}

/** A heading of docs/rules.md names its rule without parentheses. */
const RULE_HEADING = /^### [ESCRM]\d.*$/gm

/** A file may be gone from the folder before its removal is committed. */
function citationsByPath(): ReadonlyMap<string, RuleCitations> {
  const found = new Map<string, RuleCitations>()
  for (const path of tracked()) {
    try {
      found.set(path, ruleCitations(read(path).replace(RULE_HEADING, '')))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return found
}

describe('docs/rules.md', () => {
  it('docs/rules.md has every rule once, in order', () => {
    expect(IDS).toEqual(
      ['E1', 'E2', 'E3', 'E4', 'E5'].concat(
        ['S1', 'S2', 'S3', 'S4', 'S5', 'S6'],
        ['C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7'],
        ['R1', 'R2', 'R3', 'R4', 'R4a', 'R5', 'R6', 'R7', 'R8'],
        ['M1', 'M2', 'M3', 'M4', 'M5', 'M6'],
      ),
    )
  })

  it.each(BY_ID)('the example of %s has the outcome that the page states', async (_, rule) => {
    const run = await runExample(rule, stepsOf(rule))
    for (const expected of rule.outcomes) expect(run.outcome(expected)).toEqual(expected.rows)
  })

  it('the example of S1 has its outcome in every order of arrival, with a sweep after each event', async () => {
    const rule = RULES.find(({ id }) => id === 'S1')
    if (rule === undefined) throw new Error('no S1')
    const steps = stepsOf(rule)
    const sent = steps.filter(({ action }) => action.kind === 'send')
    const orders = permutations(sent)
    expect(orders).toHaveLength(24)
    for (const order of orders) {
      const run = await runExample(rule, withSweeps(order, Math.max(...sent.map(({ atMs }) => atMs))))
      for (const expected of rule.outcomes) expect(run.outcome(expected)).toEqual(expected.rows)
    }
  })

  it.each(BY_ID)('the code that %s names exists', (_, { code }) => {
    for (const { path, identifiers } of code) {
      const text = read(path)
      for (const name of identifiers)
        expect(text, `${path} declares ${name}`).toMatch(new RegExp(`\\b(function|const) ${name}\\b`))
    }
  })
})

describe('citations', () => {
  const citations = citationsByPath()

  it('every citation names a rule that docs/rules.md has', () => {
    const unknown = [...citations].flatMap(([path, { cited }]) => {
      return cited.filter((id) => !IDS.includes(id)).map((id) => `${path}: (${id})`)
    })
    expect(unknown).toEqual([])
  })

  it('every citation stands in parentheses, so that a reader knows it from other names', () => {
    const bare = [...citations].flatMap(([path, found]) => found.bare.map((text) => `${path}: ${text}`))
    expect(bare).toEqual([])
  })

  it('every link to a rule names a heading of docs/rules.md', () => {
    const anchors = new Set([...read('docs/rules.md').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => anchorOf(title)))
    const pages = tracked().filter((path) => path.endsWith('.md'))
    const broken = pages.flatMap((path) => {
      const links = [...read(path).matchAll(/\]\([^)]*rules\.md#([^)]+)\)/g)]
      return links.flatMap(([, anchor = '']) => (anchors.has(anchor) ? [] : [`${path}: ${anchor}`]))
    })
    expect(broken).toEqual([])
  })

  it.each(IDS)('at least one test cites %s by itself', (id) => {
    const paths = [...citations].filter(([path, { single }]) => isTestFile(path) && single.includes(id))
    expect(paths.length).toBeGreaterThan(0)
  })

  it('a list and a range are citations, and the service Amazon S3 is none', () => {
    expect(ruleCitations('(S3) (C2, C5) ([R4](rules.md#r4)) (R1-R3)')).toEqual({
      cited: ['S3', 'C2', 'C5', 'R4', 'R1', 'R2', 'R3'],
      single: ['S3', 'C2', 'C5', 'R4'],
      bare: [],
    })
    expect(ruleCitations('S3 stores it, AwsSolutions-S1, E1 decides').bare).toEqual(['E1'])
  })
})

/** As GitHub makes an anchor of a heading. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-')
}

function permutations<T>(values: readonly T[]): T[][] {
  if (values.length === 0) return [[]]
  return values.flatMap((value, index) => {
    return permutations(values.toSpliced(index, 1)).map((rest) => [value, ...rest])
  })
}

/** The events arrive two hours apart, each after the last one happened. */
function withSweeps(order: readonly Step[], lastMs: number): Step[] {
  return order.flatMap((step, index): Step[] => {
    const atMs = lastMs + 2 * index * HOUR_MS
    const sweepMs = atMs + HOUR_MS
    return [
      { ...step, atMs },
      { name: `sweep ${index}`, atMs: sweepMs, action: { kind: 'sweep', horizonMs: sweepMs } },
    ]
  })
}
